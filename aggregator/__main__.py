"""Lets `python -m aggregator` do what `aggregator` does."""

from aggregator.cli import main

if __name__ == "__main__":
    main()
