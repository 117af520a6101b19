// Calculator reads one sum a line, `<int> <op> <int>`, and prints its result.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
)

var errOverflow = errors.New("the result does not fit into 64 bits")

func main() {
	if err := repl(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "calculator:", err)
		os.Exit(1)
	}
}

// repl answers line by line until `exit` or the end of input.
func repl(in io.Reader, out io.Writer) error {
	reader := bufio.NewReader(in)
	fmt.Fprintln(out, "Type a sum such as 1 + 2 (operators + - * /), or exit.")
	for {
		fmt.Fprint(out, "> ")
		line, err := readLine(reader)
		if err == io.EOF {
			fmt.Fprintln(out)
			return nil
		}
		if err == nil {
			switch text := strings.TrimFunc(line, isSpace); text {
			case "":
				continue
			case "exit":
				fmt.Fprintln(out, "Goodbye.")
				return nil
			default:
				var result int64
				if result, err = evaluate(text); err == nil {
					fmt.Fprintf(out, "Result: %d\n", result)
					continue
				}
			}
		}
		var system *os.PathError
		if errors.As(err, &system) {
			return err
		}
		fmt.Fprintln(out, "Error:", err)
	}
}

// readLine gives the next line without its end; a line longer than the reader's buffer is read over and is an error.
func readLine(reader *bufio.Reader) (string, error) {
	line, more, err := reader.ReadLine()
	if !more {
		return string(line), err
	}
	for more && err == nil {
		_, more, err = reader.ReadLine()
	}
	return "", errors.New("the line is too long")
}

// evaluate computes one sum, or says what is wrong with it.
func evaluate(text string) (int64, error) {
	words := strings.FieldsFunc(text, isSpace)
	if len(words) != 3 {
		return 0, fmt.Errorf("expected <int> <op> <int> with spaces between, such as 1 + 2, got %s", quoted(text))
	}
	a, err := number(words[0])
	if err != nil {
		return 0, err
	}
	b, err := number(words[2])
	if err != nil {
		return 0, err
	}
	return apply(a, words[1], b)
}

// isSpace tells what stands between the words of a sum, and around it.
func isSpace(c rune) bool {
	return c == ' ' || '\t' <= c && c <= '\r'
}

func number(word string) (int64, error) {
	n, err := strconv.ParseInt(word, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("%s does not fit into 64 bits", word)
	case err != nil:
		return 0, fmt.Errorf("%s is not a whole number", quoted(word))
	}
	return n, nil
}

func apply(a int64, op string, b int64) (int64, error) {
	switch op {
	case "+":
		if sum := a + b; (sum > a) == (b > 0) {
			return sum, nil
		}
		return 0, errOverflow
	case "-":
		if difference := a - b; (difference < a) == (b > 0) {
			return difference, nil
		}
		return 0, errOverflow
	case "*":
		if a == 0 || b == 0 {
			return 0, nil
		}
		product := a * b
		if product/b != a || (a == -1 && b == math.MinInt64) || (b == -1 && a == math.MinInt64) {
			return 0, errOverflow
		}
		return product, nil
	case "/":
		if b == 0 {
			return 0, errors.New("division by zero")
		}
		if a == math.MinInt64 && b == -1 {
			return 0, errOverflow
		}
		return a / b, nil
	}
	return 0, fmt.Errorf("unknown operator %s: use + - * or /", quoted(op))
}

// quoted shows what was typed; a terminal must not obey it.
func quoted(text string) string {
	shown := []byte{'"'}
	for _, c := range []byte(text) {
		switch {
		case c < ' ' || c == 0x7f:
			c = '?'
		case c == '"' || c == '\\':
			shown = append(shown, '\\')
		}
		shown = append(shown, c)
	}
	return string(append(shown, '"'))
}
