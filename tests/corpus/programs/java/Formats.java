import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The same few records in the format of the binding that is there. */
public final class Formats {
    public static void main(String[] arguments) {
        Logger log = LoggerFactory.getLogger("store.Client");
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
