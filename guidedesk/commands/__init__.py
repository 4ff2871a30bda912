"""One module a command of the command line: options, one call, output in the words of COMMANDS.md."""
