package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestEvaluate(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int64
		err  string
	}{
		{"1 + 2", 3, ""},
		{"  7   -  9 ", -2, ""},
		{"-6 * 7", -42, ""},
		{"7 / 2", 3, ""},
		{"-7 / 2", -3, ""},
		{"5 + 0", 5, ""},
		{"9223372036854775806 + 1", 9223372036854775807, ""},
		{"-9223372036854775808 * 1", -9223372036854775808, ""},
		{"1 / 0", 0, "division by zero"},
		{"9223372036854775807 + 1", 0, "does not fit"},
		{"-9223372036854775808 - 1", 0, "does not fit"},
		{"-9223372036854775808 * -1", 0, "does not fit"},
		{"-1 * -9223372036854775808", 0, "does not fit"},
		{"4611686018427387904 * 2", 0, "does not fit"},
		{"-9223372036854775808 / -1", 0, "does not fit"},
		{"9223372036854775808 + 1", 0, "9223372036854775808 does not fit"},
		{"one + 2", 0, `"one" is not a whole number`},
		{"\x1b[1m + 2", 0, `"?[1m" is not a whole number`},
		{"1 + 2.5", 0, `"2.5" is not a whole number`},
		{"1 % 2", 0, `unknown operator "%"`},
		{"1+2", 0, "expected <int> <op> <int>"},
		{"1 + 2 + 3", 0, "expected <int> <op> <int>"},
	} {
		got, err := evaluate(c.in)
		switch {
		case c.err == "" && (err != nil || got != c.want):
			t.Errorf("evaluate(%q) = %d, %v; want %d", c.in, got, err, c.want)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("evaluate(%q) = %d, %v; want an error with %q", c.in, got, err, c.err)
		}
	}
}

func TestRepl(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []string
		absent   string
	}{
		{"a sum", "1 + 2\nexit\n", []string{"Result: 3", "Goodbye."}, "Error"},
		{"goes on after an error", "1 / 0\n2 * 3\n", []string{"Error: division by zero", "Result: 6"}, "Goodbye"},
		{"nothing after exit", "exit\n1 + 2\n", []string{"Goodbye."}, "Result"},
		{"no input", "", []string{"> "}, "Error"},
		{"no end of line", "4 - 1", []string{"Result: 3"}, "Error"},
		{"empty lines and CRLF", "\n\r\n8 / 2\r\n", []string{"Result: 4"}, "Error"},
		{"a long line", strings.Repeat("9", 1<<20) + "\n1 + 1\n", []string{"too long", "Result: 2"}, "Goodbye"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			if err := repl(strings.NewReader(c.in), &out); err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("output %q lacks %q", out.String(), want)
				}
			}
			if strings.Contains(out.String(), c.absent) {
				t.Errorf("output %q has %q", out.String(), c.absent)
			}
		})
	}
}
