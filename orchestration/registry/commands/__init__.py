"""The registry's commands, a module for each noun. They read options and print; the rules are the store's."""
