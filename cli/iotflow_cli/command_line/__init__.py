"""The commands' grammar: groups that import a command when it is used, and the options that commands share."""
