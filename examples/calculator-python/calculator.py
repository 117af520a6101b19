"""Calculator reads one sum a line, `<int> <op> <int>`, and prints its result."""

import re
import sys

LONGEST_LINE = 4096
# What stands between the words of a sum, and around it.
SPACES = " \t\r\v\f"
LEAST, MOST = -(2**63), 2**63 - 1


class SumError(Exception):
    """What is wrong with a sum."""


def main():
    repl(sys.stdin.buffer, sys.stdout)


def repl(source, sink):
    """Answers line by line until `exit` or the end of input."""
    print("Type a sum such as 1 + 2 (operators + - * /), or exit.", file=sink)
    while True:
        print("> ", end="", file=sink, flush=True)
        try:
            line = read_line(source)
            if line is None:
                print(file=sink)
                return
            text = line.strip(SPACES)
            if text == "exit":
                print("Goodbye.", file=sink)
                return
            if text:
                print("Result:", evaluate(text), file=sink)
        except SumError as error:
            print("Error:", error, file=sink)


def read_line(source):
    """Gives the next line without its end, None at the end; a line that is too long is read over and is an error."""
    line = source.readline(LONGEST_LINE)
    if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
        while line and not line.endswith(b"\n"):
            line = source.readline(LONGEST_LINE)
        raise SumError("the line is too long")
    return line.decode(errors="replace").removesuffix("\n") if line else None


def evaluate(text):
    """Computes one sum."""
    words = re.findall(f"[^{SPACES}]+", text)
    if len(words) != 3:
        raise SumError(f"expected <int> <op> <int> with spaces between, such as 1 + 2, got {quoted(text)}")
    left, operator, right = words
    return apply(number(left), operator, number(right))


def number(word):
    if not re.fullmatch(r"[+-]?[0-9]+", word):
        raise SumError(f"{quoted(word)} is not a whole number")
    # Python refuses to read numbers of thousands of digits.
    digits = word.lstrip("+-").lstrip("0")
    if len(digits) > 19 or not LEAST <= (value := int(word)) <= MOST:
        raise SumError(f"{word} does not fit into 64 bits")
    return value


def apply(a, operator, b):
    if operator == "+":
        result = a + b
    elif operator == "-":
        result = a - b
    elif operator == "*":
        result = a * b
    elif operator == "/":
        if b == 0:
            raise SumError("division by zero")
        # Towards zero, where // goes down.
        result = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    else:
        raise SumError(f"unknown operator {quoted(operator)}: use + - * or /")
    if not LEAST <= result <= MOST:
        raise SumError("the result does not fit into 64 bits")
    return result


def quoted(text):
    """Shows what was typed; a terminal must not obey it."""
    shown = re.sub(r"[\x00-\x1f\x7f]", "?", text)
    return '"' + shown.replace("\\", "\\\\").replace('"', '\\"') + '"'


if __name__ == "__main__":
    main()
