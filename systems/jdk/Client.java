import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** A client with java.net.http, driven by JSON lines (docs/drivers.md): what a call throws, it reports once. */
public class Client {
    private static final Map<String, CompletableFuture<?>> calls = new ConcurrentHashMap<>();

    public static void main(String[] arguments) throws IOException {
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        Duration timeout = Duration.ofMillis(Math.round(Double.parseDouble(arguments[1]) * 1000));
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        say("{\"ready\":true}");
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            Map<String, String> asked = members(line);
            String cancelled = asked.get("cancel");
            if (cancelled == null) {
                String op = asked.get("op").replace("\"", "");
                begin(client, timeout, arguments[0], asked.get("call"), op, asked.get("args"));
                continue;
            }
            CompletableFuture<?> call = calls.get(cancelled);
            if (call != null && call.cancel(true)) {
                say("{\"call\":" + cancelled + ",\"result\":\"cancelled\"}");
            }
        }
        // Calls that are under way would keep the process.
        System.exit(0);
    }

    private static void begin(HttpClient client, Duration timeout, String url, String call, String op, String args) {
        String path = op.equals("next") ? "/next" : "/items";
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path)).timeout(timeout);
        if (op.equals("put")) {
            request.header("content-type", "application/json").POST(HttpRequest.BodyPublishers.ofString(args));
        }
        CompletableFuture<HttpResponse<String>> answer =
                client.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString());
        calls.put(call, answer);
        answer.whenComplete((got, failed) -> {
            if (answer.isCancelled()) {
                return;
            }
            if (failed == null && got.statusCode() < 400) {
                say("{\"call\":" + call + ",\"result\":\"ok\",\"value\":" + got.body() + "}");
                return;
            }
            Throwable why = failed != null && failed.getCause() != null ? failed.getCause() : failed;
            String error = failed == null ? "status " + got.statusCode() : why.toString();
            String result = failed == null ? "rejected" : why instanceof ConnectException ? "unreachable" : "transport";
            System.err.println("{\"time\":\"" + Instant.now() + "\",\"level\":\"ERROR\",\"logger\":\"client\",\"call\":" + call
                    + ",\"message\":" + quoted(op + " failed: " + error) + "}");
            say("{\"call\":" + call + ",\"result\":\"" + result + "\",\"error\":" + quoted(error) + "}");
        });
    }

    /** The members of a JSON object in one line, each as the JSON text that it is. */
    private static Map<String, String> members(String object) {
        Map<String, String> found = new HashMap<>();
        int depth = 0;
        int begin = 1;
        boolean text = false;
        for (int at = 0; at < object.length(); at++) {
            char next = object.charAt(at);
            if (next == '\\') {
                at++;
            } else if (next == '"') {
                text = !text;
            } else if (!text && (next == '{' || next == '[')) {
                depth++;
            } else if (!text && (next == '}' || next == ']')) {
                depth--;
            }
            if (!text && (depth == 0 || (depth == 1 && next == ','))) {
                String[] member = object.substring(begin, at).split(":", 2);
                found.put(member[0].strip().replace("\"", ""), member[1].strip());
                begin = at + 1;
            }
        }
        return found;
    }

    private static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }
}
