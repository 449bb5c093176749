<?php
// One way to end badly per word on the command line.
class StoreError extends RuntimeException {}

function parse(string $text): int {
    if (!ctype_digit($text)) throw new InvalidArgumentException("not a number: $text");
    return (int) $text;
}

function ask(string $text): int {
    try {
        return parse($text);
    } catch (InvalidArgumentException $why) {
        throw new StoreError("the store answered nonsense\non two lines", 0, $why);
    }
}

switch ($argv[1]) {
    case 'uncaught': parse('x'); break;
    case 'cause': ask('x'); break;
    case 'type': parse([]); break;
    case 'undefined': undefined_thing(); break;
    case 'memory': ini_set('memory_limit', '2M'); str_repeat('x', 64 << 20); break;
    case 'warning': echo $nothing; fwrite(STDERR, "goes on\n"); break;
    case 'logged':
        try { ask('x'); } catch (StoreError $why) { error_log("request failed: $why"); }
        error_log('goes on');
        break;
    case 'trace':
        try { parse('x'); } catch (InvalidArgumentException $why) {
            $context = json_encode(['exception' => "[object] (InvalidArgumentException(code: 0): {$why->getMessage()} at {$why->getFile()}:{$why->getLine()})\n[stacktrace]\n" . $why->getTraceAsString() . "\n"], JSON_UNESCAPED_SLASHES);
            fwrite(STDERR, "[2026-11-25 22:00:00] local.ERROR: request failed $context\n");
        }
        break;
}
