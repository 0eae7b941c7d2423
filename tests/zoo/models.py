"""Small models of the kind that people tune: durations, prices, populations, costs."""

# Ordinary programs let an int become a float and mix in NumPy scalars; a type checker objects to both.
# mypy: disable-error-code="assignment, no-any-return, return-value"

import math

from zoo.registry import LENGTH, TRIPS, specimen

SECONDS = 60


@specimen(5.5, 8, 30.0, 0.5, 0.4, 1.0, 0.3, formal=TRIPS)
def taxi(d: float, hour: int, speed: float, jam: float, stop: float, dwell: float, decay: float) -> float:
    t = 0.0
    v = speed
    if 7 <= hour < 10 or 16 <= hour < 19:
        v = speed * jam
    while d > 1:
        t += 60 / v
        t += stop * dwell
        v = v * decay + (1 - decay) * speed
        d -= 1
    t += 60 * d / v
    return t


specimen(5.5, 12, 30.0, 0.5, 0.4, 1.0, 0.3, formal=TRIPS)(taxi)
specimen(0.5, 17, 30.0, 0.5, 0.4, 1.0, 0.3, formal=TRIPS)(taxi)


@specimen(6.0, 30.0)
def taxi_fixed_speed(distance: float, speed: float) -> float:
    return distance / speed * SECONDS


@specimen(6.0, 35.0, 12.0)
def taxi_squared_error(distance: float, speed: float, observed: float) -> float:
    return (taxi_fixed_speed(distance, speed) - observed) ** 2


@specimen(6.3, 2.5, 0.9, 1.4, formal=TRIPS)
def taxi_fare(distance: float, base: float, near: float, far: float) -> float:
    fare = base
    km = 0
    while km < distance:
        if km < 3:
            fare += near
        elif km < 5:
            fare += far
        else:
            fare += far * (distance - km)
        km += 1
    return max(fare, 4.0)


@specimen(100.0, 110.0, 0.5, 0.02, 0.3)
def black_scholes(s: float, k: float, t: float, r: float, v: float) -> float:
    d1 = (math.log(s / k) + (r + v * v / 2) * t) / (v * math.sqrt(t))
    d2 = d1 - v * math.sqrt(t)

    def cdf(z: float) -> float:
        return 0.5 * (1 + math.erf(z / math.sqrt(2)))

    return s * cdf(d1) - k * math.exp(-r * t) * cdf(d2)


@specimen(100.0, 95.0, 0.2, 0.03)
def binomial_option(s: float, k: float, v: float, r: float) -> float:
    up = math.exp(v * 0.5)
    p = (math.exp(r * 0.25) - 1 / up) / (up - 1 / up)
    price = 0.0
    ways = 1
    for i in range(5):
        value = s * up ** (4 - 2 * i) - k
        price += ways * p ** (4 - i) * (1 - p) ** i * max(value, 0.0)
        ways = ways * (4 - i) // (i + 1)
    return price * math.exp(-r)


@specimen(1000.0, 0.05, 12)
def compound_interest(capital: float, rate: float, years: int) -> float:
    for year in range(years):
        capital *= 1 + rate
        if year % 4 == 3:
            capital -= 10
    return capital


@specimen(1000.0, 0.05, 90.0, formal=TRIPS)
def loan(debt: float, rate: float, payment: float) -> float:
    paid = 0.0
    years = 0
    while debt > payment and years < 100:
        debt = debt * (1 + rate) - payment
        paid += payment
        years += 1
    return paid + debt


@specimen(52000.0, 0.3, 0.42)
def income_tax(income: float, middle: float, top: float) -> float:
    tax = 0.0
    if income > 10000:
        tax += (min(income, 40000) - 10000) * middle
    if income > 40000:
        tax += (income - 40000) * top
    return tax


@specimen(0.9, 0.4, 1.1, 0.3, formal=LENGTH)
def predator_and_prey(rabbits: float, foxes: float, growth: float, hunger: float) -> float:
    for _ in range(25):
        eaten = 0.8 * rabbits * foxes
        rabbits, foxes = (
            rabbits + 0.05 * (growth * rabbits - eaten),
            foxes + 0.05 * (hunger * eaten - 0.2 * foxes),
        )
    return rabbits + foxes


@specimen(0.3, 0.1, formal=LENGTH)
def epidemic(beta: float, gamma: float) -> float:
    s, i, r = 0.99, 0.01, 0.0
    peak = 0.0
    for _ in range(40):
        new, well = beta * s * i, gamma * i
        s, i, r = s - new, i + new - well, r + well
        if i > peak:
            peak = i
    return peak + r


@specimen(10.0, 0.9, 0.02, formal=TRIPS)
def falling_with_drag(speed: float, angle: float, drag: float) -> float:
    x, y = 0.0, 0.0
    u, v = speed * math.cos(angle), speed * math.sin(angle)
    while True:
        x += 0.1 * u
        y += 0.1 * v
        pace = math.hypot(u, v)
        u -= 0.1 * drag * pace * u
        v -= 0.1 * (9.81 + drag * pace * v)
        if y < 0:
            return x - y * u / v


@specimen(52.5, 13.4, 48.1, 11.6)
def great_circle(a: float, b: float, c: float, d: float) -> float:
    p, q = math.radians(a), math.radians(c)
    half = math.sin((q - p) / 2) ** 2 + math.cos(p) * math.cos(q) * math.sin(math.radians(d - b) / 2) ** 2
    return 2 * 6371 * math.asin(math.sqrt(half))


@specimen(20.0, 0.6)
def heat_index(t: float, humidity: float) -> float:
    if t < 10:
        return t
    elif t < 26 and humidity < 0.7:
        felt = t + 2 * humidity * t / 10
    else:
        felt = t * humidity + t
    return felt if felt > 0 else 0.0


@specimen(0.5, 0.3, 1.2)
def tiny_network(x: float, w: float, b: float) -> float:
    h = x
    for i in range(4):
        h = math.tanh(w * h + b * (i - 1)) + x
    return 1 / (1 + math.exp(-h))


@specimen(0.4, 1.3, 0.7)
def gaussian_likelihood(mean: float, spread: float, x: float) -> float:
    total = 0.0
    for i in range(5):
        z = (x * i - mean) / spread
        total -= 0.5 * z * z + math.log(spread) + 0.5 * math.log(2 * math.pi)
    return total


@specimen(2.3, 1.1)
def gamma_density(k: float, theta: float) -> float:
    x = 1.7
    return x ** (k - 1) * math.exp(-x / theta) / (math.gamma(k) * theta**k)


@specimen(1.3, 0.7)
def huber(error: float, width: float) -> float:
    if abs(error) <= width:
        return 0.5 * error**2
    return width * (abs(error) - 0.5 * width)
