"""What loguru and structlog write: `loggers.py WAY`."""
import sys


def pour():
    raise ValueError("tea")


def attempt(log):
    log.info("brewing")
    try:
        pour()
    except ValueError:
        log.exception("spilled")


def loguru():
    from loguru import logger

    attempt(logger)


def loguru_plain():
    from loguru import logger

    logger.remove()
    logger.add(sys.stderr, diagnose=False, backtrace=False)
    attempt(logger)


def loguru_json():
    from loguru import logger

    logger.remove()
    logger.add(sys.stderr, serialize=True)
    attempt(logger)


def structlog_console():
    import structlog

    attempt(structlog.get_logger("cup"))


def structlog_dict():
    import structlog

    render = [structlog.processors.add_log_level, structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    structlog.configure(processors=render)
    attempt(structlog.get_logger())


globals()[sys.argv[1].replace("-", "_")]()
