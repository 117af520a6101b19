import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Reads one sum a line, {@code <int> <op> <int>}, and prints its result. */
public final class Calculator {
  private static final int LONGEST_LINE = 4096;

  private Calculator() {}

  public static void main(String[] args) throws IOException {
    repl(new BufferedInputStream(System.in), new PrintStream(System.out, true, StandardCharsets.UTF_8));
  }

  /** What is wrong with a sum. */
  static final class SumException extends Exception {
    private static final long serialVersionUID = 1;

    SumException(String message) {
      super(message);
    }
  }

  /** Answers line by line until {@code exit} or the end of input. */
  static void repl(InputStream in, PrintStream out) throws IOException {
    out.print("Type a sum such as 1 + 2 (operators + - * /), or exit.\n");
    while (true) {
      out.print("> ");
      out.flush();
      try {
        String line = readLine(in);
        if (line == null) {
          out.print("\n");
          return;
        }
        String text = trimmed(line);
        if (text.equals("exit")) {
          out.print("Goodbye.\n");
          return;
        }
        if (!text.isEmpty()) {
          out.print("Result: " + evaluate(text) + "\n");
        }
      } catch (SumException e) {
        out.print("Error: " + e.getMessage() + "\n");
      }
    }
  }

  /** Gives the next line, null at the end; a line that is too long is read over and is an error. */
  private static String readLine(InputStream in) throws IOException, SumException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    boolean tooLong = false;
    int c = in.read();
    if (c < 0) {
      return null;
    }
    for (; c >= 0 && c != '\n'; c = in.read()) {
      if (line.size() < LONGEST_LINE - 1) {
        line.write(c);
      } else {
        tooLong = true;
      }
    }
    if (tooLong) {
      throw new SumException("the line is too long");
    }
    return line.toString(StandardCharsets.UTF_8);
  }

  /** Computes one sum. */
  static long evaluate(String text) throws SumException {
    String[] words = trimmed(text).split("\\s+");
    if (words.length != 3) {
      throw new SumException(
          "expected <int> <op> <int> with spaces between, such as 1 + 2, got " + quoted(text));
    }
    return apply(number(words[0]), words[1], number(words[2]));
  }

  private static long number(String word) throws SumException {
    if (!word.matches("[+-]?[0-9]+")) {
      throw new SumException(quoted(word) + " is not a whole number");
    }
    try {
      return Long.parseLong(word);
    } catch (NumberFormatException e) {
      throw new SumException(word + " does not fit into 64 bits");
    }
  }

  private static long apply(long a, String operator, long b) throws SumException {
    try {
      switch (operator) {
        case "+":
          return Math.addExact(a, b);
        case "-":
          return Math.subtractExact(a, b);
        case "*":
          return Math.multiplyExact(a, b);
        case "/":
          if (b == 0) {
            throw new SumException("division by zero");
          }
          // The one quotient that overflows.
          return b == -1 ? Math.negateExact(a) : a / b;
        default:
          throw new SumException("unknown operator " + quoted(operator) + ": use + - * or /");
      }
    } catch (ArithmeticException e) {
      throw new SumException("the result does not fit into 64 bits");
    }
  }

  private static String trimmed(String text) {
    return text.replaceAll("^\\s+|\\s+$", "");
  }

  /** Shows what was typed; a terminal must not obey it. */
  private static String quoted(String text) {
    String shown = text.replaceAll("\\p{Cntrl}", "?");
    return '"' + shown.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
