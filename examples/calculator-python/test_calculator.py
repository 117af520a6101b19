import io
import unittest

from calculator import SumError, evaluate, repl


class Evaluate(unittest.TestCase):
    def test_results(self):
        for text, want in [
            ("1 + 2", 3),
            ("  7   -  9 ", -2),
            ("-6 * 7", -42),
            ("7 / 2", 3),
            ("-7 / 2", -3),
            ("+5 + 0", 5),
            ("9223372036854775806 + 1", 9223372036854775807),
            ("-9223372036854775808 * 1", -9223372036854775808),
            ("0" * 1000 + "7 * 6", 42),
        ]:
            with self.subTest(text):
                self.assertEqual(evaluate(text), want)

    def test_errors(self):
        for text, want in [
            ("1 / 0", "division by zero"),
            ("9223372036854775807 + 1", "the result does not fit"),
            ("-9223372036854775808 - 1", "the result does not fit"),
            ("-9223372036854775808 * -1", "the result does not fit"),
            ("4611686018427387904 * 2", "the result does not fit"),
            ("-9223372036854775808 / -1", "the result does not fit"),
            ("9223372036854775808 + 1", "9223372036854775808 does not fit"),
            ("9" * 4000 + " + 1", "9 does not fit"),
            ("one + 2", '"one" is not a whole number'),
            ("1_0 + 2", '"1_0" is not a whole number'),
            ("\x1b[1m + 2", '"?[1m" is not a whole number'),
            ("1 + 2.5", '"2.5" is not a whole number'),
            ("1 % 2", 'unknown operator "%"'),
            ("1+2", "expected <int> <op> <int>"),
            ("1 + 2 + 3", "expected <int> <op> <int>"),
        ]:
            with self.subTest(text[:40]):
                with self.assertRaises(SumError) as caught:
                    evaluate(text)
                self.assertIn(want, str(caught.exception))


class Repl(unittest.TestCase):
    def test_conversations(self):
        for name, typed, wanted, absent in [
            ("a sum", "1 + 2\nexit\n", ["Result: 3", "Goodbye."], "Error"),
            ("goes on after an error", "1 / 0\n2 * 3\n", ["Error: division by zero", "Result: 6"], "Goodbye"),
            ("nothing after exit", "exit\n1 + 2\n", ["Goodbye."], "Result"),
            ("no input", "", ["> "], "Error"),
            ("no end of line", "4 - 1", ["Result: 3"], "Error"),
            ("empty lines and CRLF", "\n\r\n8 / 2\r\n", ["Result: 4"], "Error"),
            ("a long line", "9" * (1 << 20) + "\n1 + 1\n", ["too long", "Result: 2"], "Goodbye"),
        ]:
            with self.subTest(name):
                sink = io.StringIO()
                repl(io.BytesIO(typed.encode()), sink)
                for want in wanted:
                    self.assertIn(want, sink.getvalue())
                self.assertNotIn(absent, sink.getvalue())


if __name__ == "__main__":
    unittest.main()
