"""`python -m console`."""

from console.app.server import main

if __name__ == "__main__":
    main()
