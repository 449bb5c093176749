// Time to pixels. `even` gives bursts more room than the quiet between them, by a root of the time between two things.

const ROOT = 0.38;

/** The scale of a run: `times` in order. Its domain is 0 to 1; what is seen of it is `window`. */
function scaleOf(times, took, even) {
  const stops = [0];
  for (const time of times) if (time > stops[stops.length - 1] && time < took) stops.push(time);
  stops.push(Math.max(took, stops[stops.length - 1] + 1));
  const room = (from, to) => (even ? (to - from) ** ROOT : to - from);
  const places = [0];
  for (let at = 1; at < stops.length; at += 1) places.push(places[at - 1] + room(stops[at - 1], stops[at]));
  const whole = places[places.length - 1];
  const between = (from, to, value) => {
    let at = upper(from, value);
    at = Math.min(Math.max(at, 1), from.length - 1);
    const share = (value - from[at - 1]) / (from[at] - from[at - 1]);
    return to[at - 1] + share * (to[at] - to[at - 1]);
  };
  return {
    place: (time) => between(stops, places, Math.min(Math.max(time, 0), stops[stops.length - 1])) / whole,
    time: (place) => between(places, stops, Math.min(Math.max(place, 0), 1) * whole),
  };
}

/** How many values of a sorted list are not above this one. */
function upper(list, value) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Times for the axis, about 100 pixels apart, as round as their distance allows. */
function axisTimes(scale, window, width) {
  const [from, to] = window;
  const times = [];
  const count = Math.max(1, Math.floor(width / 100));
  for (let at = 0; at <= count; at += 1) {
    const exact = scale.time(from + ((to - from) * at) / count);
    const next = scale.time(from + ((to - from) * (at + 1)) / count);
    const unit = 10 ** Math.floor(Math.log10(Math.max(1, (next - exact) / 2)));
    const time = Math.round(exact / unit) * unit;
    if (times.length === 0 || time > times[times.length - 1]) times.push(time);
  }
  return times;
}

