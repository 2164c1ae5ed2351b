"""`python -m console`."""

from console.process import main

if __name__ == "__main__":
    main()
