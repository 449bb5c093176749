import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.logging.Level;
import java.util.logging.Logger;
import sun.misc.Signal;

/** An ordinary server of the JDK that knows nothing of quietdown: a list of items, and a wait for the next one. */
public class Server {
    private static final Logger LOGGER = Logger.getLogger("items");
    private static final List<String> items = new ArrayList<>();

    public static void main(String[] arguments) throws IOException, InterruptedException {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/items", exchange -> handle(exchange, Server::items));
        server.createContext("/next", exchange -> handle(exchange, Server::next));
        // Not by a shutdown hook: java.util.logging has one of its own, and nothing is logged from then on.
        CountDownLatch told = new CountDownLatch(1);
        Signal.handle(new Signal("TERM"), signal -> told.countDown());
        server.start();
        LOGGER.info("listening");
        told.await();
        LOGGER.info("stop begun");
        server.stop(2);
        LOGGER.info("stopped");
        System.exit(0);
    }

    private interface Answer {
        String to(String method, String body) throws InterruptedException;
    }

    private static void handle(HttpExchange exchange, Answer answer) throws IOException {
        String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
        LOGGER.info("begun " + request);
        try (exchange) {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            byte[] said = answer.to(exchange.getRequestMethod(), body).getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("content-type", "application/json");
            exchange.sendResponseHeaders(exchange.getRequestMethod().equals("POST") ? 201 : 200, said.length);
            exchange.getResponseBody().write(said);
        } catch (IOException gone) {
            LOGGER.info("the client of " + request + " went away: " + gone.getMessage());
        } catch (InterruptedException stopped) {
            LOGGER.log(Level.WARNING, request + " was interrupted", stopped);
        }
    }

    private static String items(String method, String body) {
        synchronized (items) {
            if (!method.equals("POST")) {
                return "[" + String.join(",", items) + "]";
            }
            items.add("{\"id\":" + (items.size() + 1) + "," + body.strip().substring(1));
            items.notifyAll();
            return items.get(items.size() - 1);
        }
    }

    private static String next(String method, String body) throws InterruptedException {
        synchronized (items) {
            int seen = items.size();
            while (items.size() == seen) {
                items.wait();
            }
            return "[" + String.join(",", items.subList(seen, items.size())) + "]";
        }
    }
}
