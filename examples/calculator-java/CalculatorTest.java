import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Ends with code 1 when anything is not as it should be. */
public final class CalculatorTest {
  private static int passed;
  private static int failed;

  private CalculatorTest() {}

  public static void main(String[] args) throws IOException {
    result("1 + 2", "3");
    result("  7   -  9 ", "-2");
    result("-6 * 7", "-42");
    result("7 / 2", "3");
    result("-7 / 2", "-3");
    result("+5 + 0", "5");
    result("5 / -1", "-5");
    result("9223372036854775806 + 1", "9223372036854775807");
    result("-9223372036854775808 * 1", "-9223372036854775808");

    result("1 / 0", "division by zero");
    result("9223372036854775807 + 1", "the result does not fit into 64 bits");
    result("-9223372036854775808 - 1", "the result does not fit into 64 bits");
    result("-9223372036854775808 * -1", "the result does not fit into 64 bits");
    result("4611686018427387904 * 2", "the result does not fit into 64 bits");
    result("-9223372036854775808 / -1", "the result does not fit into 64 bits");
    result("9223372036854775808 + 1", "9223372036854775808 does not fit into 64 bits");
    result("one + 2", "\"one\" is not a whole number");
    result("\033[1m + 2", "\"?[1m\" is not a whole number");
    result("1 + 2.5", "\"2.5\" is not a whole number");
    result("1 % 2", "unknown operator \"%\": use + - * or /");
    result("1+2", "expected <int> <op> <int> with spaces between, such as 1 + 2, got \"1+2\"");

    conversation("1 + 2\nexit\n", "> Result: 3\n> Goodbye.\n");
    conversation("1 / 0\n2 * 3\n", "> Error: division by zero\n> Result: 6\n> \n");
    conversation("exit\n1 + 2\n", "> Goodbye.\n");
    conversation("", "> \n");
    conversation("4 - 1", "> Result: 3\n> \n");
    conversation("\n\r\n8 / 2\r\n", "> > > Result: 4\n> \n");
    conversation("9".repeat(1 << 20) + "\n1 + 1\n", "> Error: the line is too long\n> Result: 2\n> \n");

    System.out.println(passed + " passed, " + failed + " failed");
    System.exit(failed == 0 ? 0 : 1);
  }

  private static void result(String sum, String want) {
    String got;
    try {
      got = Long.toString(Calculator.evaluate(sum));
    } catch (Calculator.SumException e) {
      got = e.getMessage();
    }
    check(sum, got, want);
  }

  private static void conversation(String typed, String want) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Calculator.repl(
        new ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8)),
        new PrintStream(out, true, StandardCharsets.UTF_8));
    String said = out.toString(StandardCharsets.UTF_8);
    check(typed, said.substring(said.indexOf('\n') + 1), want);
  }

  private static void check(String what, String got, String want) {
    if (got.equals(want)) {
      passed++;
      return;
    }
    failed++;
    System.out.println(what.substring(0, Math.min(what.length(), 60)) + ": got " + got + ", want " + want);
  }
}
