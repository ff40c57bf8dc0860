"""Writes random.json: the stream of the generator, from whole-number arithmetic."""

import json
import math
from pathlib import Path

MASK = 2**32 - 1
SEEDS = [0, 1, 12345, 2**31, 2**32 - 1]


def splitmix32(seed):
    """Yields the words that seed the state."""
    state = seed
    while True:
        state = (state + 0x9E3779B9) & MASK
        z = state
        z = ((z ^ (z >> 16)) * 0x21F0AAAD) & MASK
        z = ((z ^ (z >> 15)) * 0x735A2D97) & MASK
        yield z ^ (z >> 15)


def rotate_left(word, count):
    return ((word << count) & MASK) | (word >> (32 - count))


def xoshiro128(state):
    """Yields the words of xoshiro128** from a list of four state words, which it advances."""
    while True:
        yield (rotate_left((state[1] * 5) & MASK, 7) * 9) & MASK
        shifted = (state[1] << 9) & MASK
        state[2] ^= state[0]
        state[3] ^= state[1]
        state[1] ^= state[2]
        state[0] ^= state[3]
        state[2] ^= shifted
        state[3] = rotate_left(state[3], 11)


def seeded(seed):
    words = splitmix32(seed)
    return xoshiro128([next(words) for _ in range(4)])


def uniform(words):
    a = next(words)
    b = next(words)
    return ((a >> 5) * 2**26 + (b >> 6)) / 2**53


def below(words, n):
    limit = 2**32 - 2**32 % n
    while (word := next(words)) >= limit:
        pass
    return word % n


def permutation(words, n):
    order = list(range(n))
    for i in range(n - 1, 0, -1):
        j = below(words, i + 1)
        order[i], order[j] = order[j], order[i]
    return order


def normals(words, count):
    values = []
    while len(values) < count:
        u = 2 * uniform(words) - 1
        v = 2 * uniform(words) - 1
        s = u * u + v * v
        if 0 < s < 1:
            factor = math.sqrt(-2 * math.log(s) / s)
            values += [u * factor, v * factor]
    return values[:count]


def stream(seed):
    """What a generator fresh from this seed gives, for each way of asking."""
    state_words = splitmix32(seed)
    most_rejections = 3 * 2**30 + 1
    return {
        "seed": seed,
        "state": [next(state_words) for _ in range(4)],
        "words": [word for word, _ in zip(seeded(seed), range(8))],
        "uniform": (lambda words: [uniform(words) for _ in range(4)])(seeded(seed)),
        "below_bound": most_rejections,
        "below": (lambda words: [below(words, most_rejections) for _ in range(6)])(seeded(seed)),
        "permutation": permutation(seeded(seed), 17),
        "normal": normals(seeded(seed), 7),
    }


def main():
    streams = ",\n".join(" " + json.dumps(stream(seed)) for seed in SEEDS)
    Path(__file__).with_name("random.json").write_text(f"[\n{streams}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
