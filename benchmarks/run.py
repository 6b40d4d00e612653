"""Runs the benchmarks: `python benchmarks/run.py --help`."""

from streamproof_bench.command import main

if __name__ == "__main__":
    main()
