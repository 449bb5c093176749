import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** The same few records as log4j 2 writes them. */
public final class Formats2 {
    public static void main(String[] arguments) {
        Logger log = LogManager.getLogger("store.Client");
        log.debug("request begun");
        log.info("listening on {}", 4444);
        log.warn("the queue is full");
        try {
            Tracebacks.ask("x");
        } catch (Tracebacks.StoreException why) {
            log.error("request failed", why);
        }
        log.info("after");
    }
}
