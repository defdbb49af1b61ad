// Narrows a long list of tick boxes to those that hold what is typed above it, and closes menus that were left.
for (const box of document.querySelectorAll("input[data-narrows]")) {
  box.addEventListener("input", () => {
    for (const item of document.querySelectorAll(`#${box.dataset.narrows} > li`)) {
      item.hidden = !item.textContent.toLowerCase().includes(box.value.toLowerCase());
    }
  });
}
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".bar details[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
