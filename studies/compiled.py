"""The training of the chapter `convergence`, compiled: how fast the same step can be on one core.

No framework, no arrays of arrays: every number of a tiny GAN in a register or in the first cache.
It also knows the ingredients that `recipe` tries and the chapter does not show. Losses are summed
over the minibatch and halved for the discriminator, as in the chapter.
"""

from __future__ import annotations

from math import exp, log, sqrt, tanh
from typing import NamedTuple

import numpy as np
from numba import njit as numba_njit

# kept beside this file: the next process need not compile again
njit = numba_njit(cache=True)

MEAN, COVARIANCE = np.array([1.0, 2.0]), np.array([[1.01, 1.95], [1.95, 4.25]])  # of the data
NUM_D, NUM_G = 37, 6  # parameters: (2·5+5) + (5·3+3) + (3+1), and 2·2+2
W1, B1, W2, B2, W3, B3 = 0, 10, 15, 30, 33, 36  # where each layer's begin
NON_SATURATING, MINIMAX, LEAST_SQUARES, HINGE, RELATIVISTIC = range(5)


class Settings(NamedTuple):
    """What may differ between trainings; the defaults are those of the chapter `gaussian`."""

    loss: int = NON_SATURATING
    lr_D: float = 0.05
    lr_G: float = 0.005
    betas_D: tuple[float, float] = (0.9, 0.999)
    betas_G: tuple[float, float] = (0.9, 0.999)
    decay_D: float = 0.0  # weight decay, added to the gradient
    r1: float = 0.0  # gamma of the penalty on the slope at real points
    r2: float = 0.0  # and at fakes
    sigma_D: float = 0.02  # of the first parameters
    sigma_G: float = 0.02
    average: float = 1.0  # the generator, from this share of the training on; 1: not at all
    anneal: bool = False  # learning rates fall linearly to 0
    antithetic: bool = False  # noise in pairs z, -z
    num_epochs: int = 20


@njit
def forward(D, x0, x1, h):
    """The logit of a point; `h` keeps the 5 + 3 hidden values."""
    for i in range(5):
        h[i] = tanh(D[W1 + 2 * i] * x0 + D[W1 + 2 * i + 1] * x1 + D[B1 + i])
    o = D[B3]
    for i in range(3):
        s = D[B2 + i]
        for j in range(5):
            s += D[W2 + 5 * i + j] * h[j]
        h[5 + i] = tanh(s)
        o += D[W3 + i] * h[5 + i]
    return o


@njit
def backward(D, x0, x1, h, slope, gradient):
    """Add `slope` times the gradient of a logit; return its slope at the point."""
    gradient[B3] += slope
    d0 = d1 = 0.0
    for i in range(3):
        gradient[W3 + i] += slope * h[5 + i]
    for j in range(5):
        s = 0.0
        for i in range(3):
            s += D[W2 + 5 * i + j] * D[W3 + i] * (1 - h[5 + i] ** 2)
        s *= slope * (1 - h[j] ** 2)
        gradient[B1 + j] += s
        gradient[W1 + 2 * j] += s * x0
        gradient[W1 + 2 * j + 1] += s * x1
        d0 += s * D[W1 + 2 * j]
        d1 += s * D[W1 + 2 * j + 1]
    for i in range(3):
        s = slope * D[W3 + i] * (1 - h[5 + i] ** 2)
        gradient[B2 + i] += s
        for j in range(5):
            gradient[W2 + 5 * i + j] += s * h[j]
    return d0, d1


@njit
def penalize(D, x0, x1, h, gamma, gradient, unused):
    """Add the gradient of gamma/2 times the squared slope of the logit at a point.

    With v the slope, held fixed, that is gamma times the gradient of the derivative along v.
    """
    v0, v1 = backward(D, x0, x1, h, 1.0, unused)
    along, back_a, back_h = np.zeros(5), np.zeros(5), np.zeros(5)
    for j in range(5):
        along[j] = (1 - h[j] ** 2) * (D[W1 + 2 * j] * v0 + D[W1 + 2 * j + 1] * v1)
    for i in range(3):
        a, s = 0.0, 1 - h[5 + i] ** 2
        for j in range(5):
            a += D[W2 + 5 * i + j] * along[j]
        p, q = D[W3 + i] * s, -2 * h[5 + i] * D[W3 + i] * s * a
        gradient[W3 + i] += gamma * s * a
        gradient[B2 + i] += gamma * q
        for j in range(5):
            gradient[W2 + 5 * i + j] += gamma * (p * along[j] + q * h[j])
            back_a[j] += D[W2 + 5 * i + j] * p
            back_h[j] += D[W2 + 5 * i + j] * q
    for j in range(5):
        p = (1 - h[j] ** 2) * back_a[j]
        q = (1 - h[j] ** 2) * back_h[j] - 2 * h[j] * along[j] * back_a[j]
        gradient[B1 + j] += gamma * q
        gradient[W1 + 2 * j] += gamma * (p * v0 + q * x0)
        gradient[W1 + 2 * j + 1] += gamma * (p * v1 + q * x1)


@njit
def adam(P, gradient, m, v, lr, betas, decay, t):
    """One step of Adam on the parameters `P`."""
    for i in range(len(P)):
        g = gradient[i] + decay * P[i]
        m[i] = betas[0] * m[i] + (1 - betas[0]) * g
        v[i] = betas[1] * v[i] + (1 - betas[1]) * g * g
        size = sqrt(v[i] / (1 - betas[1] ** t)) + 1e-8
        P[i] -= lr * m[i] / (1 - betas[0] ** t) / size


@njit
def sigmoid(o):
    return 1 / (1 + exp(-o))


@njit
def slopes(loss, real, fake):
    """Slopes of the losses: of D's by its logits, and of G's by those of the fakes."""
    if loss == LEAST_SQUARES:
        return real - 1, fake, 2 * (fake - 1)
    if loss == HINGE:
        return -0.5 * (real < 1), 0.5 * (fake > -1), -1.0
    if loss == RELATIVISTIC:
        s = sigmoid(fake - real)
        return -s, s, -(1 - s)
    s = sigmoid(fake)
    return -sigmoid(-real) / 2, s / 2, (-s if loss == MINIMAX else s - 1)


@njit
def train(settings, seed, batch_size=8, num_points=1000):
    """Train one GAN on its own points; return the generator's six numbers W, c: x = W z + c."""
    np.random.seed(seed)
    data, Z, fake = np.empty((num_points, 2)), np.empty((batch_size, 2)), np.empty((batch_size, 2))
    for i in range(num_points):
        a, b = np.random.normal(), np.random.normal()
        data[i, 0], data[i, 1] = a - 0.1 * b + 1, 2 * a + 0.5 * b + 2
    D, G = np.empty(NUM_D), np.empty(NUM_G)
    for i in range(NUM_D):
        D[i] = settings.sigma_D * np.random.normal()
    for i in range(NUM_G):
        G[i] = settings.sigma_G * np.random.normal()
    m_D, v_D, m_G, v_G = np.zeros(NUM_D), np.zeros(NUM_D), np.zeros(NUM_G), np.zeros(NUM_G)
    g_D, g_G, unused, total = np.empty(NUM_D), np.empty(NUM_G), np.empty(NUM_D), np.zeros(NUM_G)
    h_real, h_fake = np.empty(8), np.empty(8)
    num_steps = settings.num_epochs * num_points // batch_size
    t = 0
    for _ in range(settings.num_epochs):
        order = np.random.permutation(num_points)
        for start in range(0, num_points, batch_size):
            t += 1
            rate = 1 - (t - 1) / num_steps if settings.anneal else 1.0
            g_D[:], g_G[:] = 0, 0
            for i in range(batch_size):
                paired = settings.antithetic and i >= batch_size // 2
                for k in range(2):
                    Z[i, k] = -Z[i - batch_size // 2, k] if paired else np.random.normal()
                for k in range(2):
                    fake[i, k] = G[2 * k] * Z[i, 0] + G[2 * k + 1] * Z[i, 1] + G[4 + k]
                x0, x1 = data[order[start + i]]
                real = forward(D, x0, x1, h_real)
                made = forward(D, fake[i, 0], fake[i, 1], h_fake)
                on_real, on_fake, _ = slopes(settings.loss, real, made)
                backward(D, x0, x1, h_real, on_real, g_D)
                backward(D, fake[i, 0], fake[i, 1], h_fake, on_fake, g_D)
                if settings.r1 > 0:
                    penalize(D, x0, x1, h_real, settings.r1, g_D, unused)
                if settings.r2 > 0:
                    penalize(D, fake[i, 0], fake[i, 1], h_fake, settings.r2, g_D, unused)
            adam(D, g_D, m_D, v_D, rate * settings.lr_D, settings.betas_D, settings.decay_D, t)
            for i in range(batch_size):
                real = 0.0
                if settings.loss == RELATIVISTIC:
                    x0, x1 = data[order[start + i]]
                    real = forward(D, x0, x1, h_real)
                made = forward(D, fake[i, 0], fake[i, 1], h_fake)
                slope = slopes(settings.loss, real, made)[2]
                d = backward(D, fake[i, 0], fake[i, 1], h_fake, slope, unused)
                for k in range(2):
                    g_G[2 * k] += d[k] * Z[i, 0]
                    g_G[2 * k + 1] += d[k] * Z[i, 1]
                    g_G[4 + k] += d[k]
            adam(G, g_G, m_G, v_G, rate * settings.lr_G, settings.betas_G, 0.0, t)
            if t > settings.average * num_steps:
                total += G
    return total / (num_steps - int(settings.average * num_steps)) if settings.average < 1 else G


@njit
def kl(G):
    """KL(q‖p) of a generator's Gaussian q from the data's p, in closed form."""
    (a, b), (_, c) = COVARIANCE
    det = a * c - b * b
    q0, q1, q2 = G[0] ** 2 + G[1] ** 2, G[0] * G[2] + G[1] * G[3], G[2] ** 2 + G[3] ** 2
    m0, m1 = G[4] - MEAN[0], G[5] - MEAN[1]
    trace = (c * q0 - 2 * b * q1 + a * q2) / det
    distance = (c * m0 * m0 - 2 * b * m0 * m1 + a * m1 * m1) / det
    return (trace + distance - 2 + log(det / (q0 * q2 - q1 * q1))) / 2


@njit
def distances(settings, first_seed, num_seeds):
    """KL(q‖p) of GANs from as many seeds, one after the other: (num_seeds,)."""
    result = np.empty(num_seeds)
    for i in range(num_seeds):
        result[i] = kl(train(settings, first_seed + i))
    return result
