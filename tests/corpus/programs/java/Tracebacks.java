import java.util.logging.Level;
import java.util.logging.Logger;

/** One way to end badly per word on the command line. */
public final class Tracebacks {
    static class Handle implements AutoCloseable {
        @Override
        public void close() {
            throw new UnsupportedOperationException("cannot close");
        }
    }

    static class StoreException extends RuntimeException {
        StoreException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    static int parse(String text) {
        return Integer.parseInt(text);
    }

    static int ask(String text) {
        try {
            return parse(text);
        } catch (NumberFormatException why) {
            throw new StoreException("the store answered nonsense\non two lines", why);
        }
    }

    static void suppressed() {
        try (Handle handle = new Handle()) {
            ask("x");
        }
    }

    static void thread() throws Exception {
        Thread worker = new Thread(() -> parse("y"), "worker-1");
        worker.start();
        worker.join();
        System.err.println("the main thread goes on");
    }

    static void logged() {
        Logger log = Logger.getLogger("store");
        log.info("before");
        try {
            ask("x");
        } catch (StoreException why) {
            log.log(Level.SEVERE, "request failed", why);
        }
        log.info("after");
    }

    static void printed() {
        try {
            suppressed();
        } catch (StoreException why) {
            why.printStackTrace();
        }
        System.err.println("goes on");
    }

    static int down(int n) {
        return down(n + 1) + 1;
    }

    static void json() {
        java.io.StringWriter text = new java.io.StringWriter();
        try {
            suppressed();
        } catch (StoreException why) {
            why.printStackTrace(new java.io.PrintWriter(text));
        }
        String escaped = text.toString().replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\t", "\\t");
        System.err.println("{\"@timestamp\":\"2026-11-25T22:00:00.123Z\",\"level\":\"ERROR\",\"logger_name\":\"store\",\"message\":\"request failed\",\"stack_trace\":\"" + escaped + "\"}");
    }

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "uncaught": parse("x"); break;
            case "cause": ask("x"); break;
            case "suppressed": suppressed(); break;
            case "thread": thread(); break;
            case "logged": logged(); break;
            case "printed": printed(); break;
            case "overflow": down(0); break;
            case "bare": throw new IllegalStateException();
            case "initializer": Object unused = Broken.VALUE; break;
            case "json": json(); break;
            default: throw new IllegalArgumentException(arguments[0]);
        }
    }

    static final class Broken {
        static final int VALUE = parse("z");
    }
}
