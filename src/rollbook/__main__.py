"""`python -m rollbook` is the command."""

from rollbook.cli import main

if __name__ == "__main__":
    main()
