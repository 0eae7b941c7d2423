"""Masks and arrays of whole numbers as indices; sorting, searching and counting."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import numpy as np

from array_zoo.registry import matrix, specimen, vector

PLACES = np.array([2, 0, 2, -1])
EDGES = np.array([[0, 1], [1, 2], [3, 1]])


@specimen(vector(5))
def elements_of_a_mask(a):
    return a[a > 0.8] ** 2 + np.sum(a[a < 0.5])


@specimen(vector(5))
def a_store_through_a_mask(a):
    b = a * a
    b[a > 1.0] = a[0]
    b[b < 0.5] *= 3.0
    return b


@specimen(vector(5), native=False)
def a_mask_takes_an_array(a):
    b = a.copy()
    chosen = a > 0.6
    b[chosen] = a[chosen] * a[chosen][0]
    b[~chosen] += 1.0 / a[~chosen]
    return b


@specimen(matrix(3, 3), vector(3), native=False)
def masks_of_matrices(m, a):
    return m[m > 0.5] * 2.0, m[a > 0.5], m[:, a > 0.5] * a[:, None], m[m > 9.0]


@specimen(matrix(3, 3), native=False)
def a_store_through_a_mask_of_a_matrix(m):
    b = m.copy()
    b[m > 0.6] = 0.0
    b[b > 0.3] += m[0, 0]
    return b * m


@specimen(vector(5), native=False)
def places_of_what_holds(a):
    (k,) = np.where(a > 0.6)
    n = np.nonzero(a < 0.9)[0]
    return a[k] * a[k[0]] + np.sum(a[n]) * np.count_nonzero(a > 0.6) + a[np.flatnonzero(a > 1.0)].sum()


@specimen(matrix(2, 3), native=False)
def places_of_a_matrix(m):
    rows, columns = np.nonzero(m > 0.4)
    return m[rows, columns] * m[rows, 0]


@specimen(vector(5), native=False)
def chosen_elements(a):
    return np.extract(a > 0.5, a) * 2.0, np.compress([True, False, True], a), a.compress(a > 0.7)


@specimen(matrix(3, 2), native=False)
def chosen_rows(m):
    return np.compress(m[:, 0] > 0.3, m, axis=0) * m[0]


@specimen(vector(4), PLACES)
def a_gather(a, k):
    return a[k] * a[k][::-1] + a[[0, 1, -1, 2]]


@specimen(vector(4), EDGES, native=False)
def a_gather_by_a_matrix(x, edges):
    d = x[edges[:, 0]] - x[edges[:, 1]]
    return d * d, x[edges] * 2.0


@specimen(matrix(3, 4), np.array([2, 0]), np.array([1, 3]))
def several_index_arrays(m, i, j):
    return m[i, j] * m[i][:, j][0], m[i[:, None], j] ** 2, m[np.array([0, 1]), 2]


@specimen(vector(24), np.array([1, 0, 1]), native=False)
def index_arrays_among_slices(a, k):
    t = a.reshape(2, 3, 4)
    return t[k, :, 0], t[:, k], t[0, :, k] * 2.0, t[k, 1:, k], t[..., k], t[k, None, 1], t[1:, k, ::2]


@specimen(vector(24), np.array([[1, 0], [0, 1]]), native=False)
def index_matrices_among_slices(a, k):
    t = a.reshape(2, 3, 4)
    return t[k], t[:, k, k], t[k, 1], t[:, :, k][0]


@specimen(vector(4), vector(4, 2.0), PLACES, native=False)
def the_last_store_stays(a, v, k):
    b = a * 1.0
    b[k] = v * a
    return b


@specimen(vector(4), vector(4, 2.0), PLACES)
def repeated_places_in_place(a, v, k):
    b = a.copy()
    b[k] += v * a[0]
    c = a.copy()
    np.add.at(c, k, v * a[0])
    return b * c


@specimen(matrix(3, 2), vector(2), np.array([1, 1, 0]), native=False)
def repeated_rows(m, v, k):
    b = m.copy()
    np.add.at(b, k, v * m[0, 0])
    np.multiply.at(b, (k, np.array([0, 0, 1])), v[0])
    np.subtract.at(b[:, 1], k, m[:, 0])
    b[k, 0] -= v[1]
    return b


@specimen(vector(4), PLACES, native=False)
def an_array_permuted_in_place(a, k):
    a[k] = a
    a[:] = a[[3, 2, 1, 0]]
    a[[0, 1]] = a[[1, 0]]
    return a


@specimen(matrix(3, 3), native=False)
def rows_swapped(m):
    m[[0, 2]] = m[[2, 0]]
    m[:, [1, 2]] = m[:, [2, 1]] * 2.0
    return m


@specimen(matrix(2, 3), np.array([2, 0]), native=False)
def taken(m, k):
    return (
        np.take(m, k) * np.take(m, [1, 4]),
        np.take(m, k, axis=1),
        m.take(k, axis=-1) * np.take(m, 1, axis=0)[0],
    )


@specimen(matrix(2, 3), native=False)
def along_an_axis(m):
    order = np.argsort(m[:, ::-1], axis=1)
    rising = np.take_along_axis(m, order, axis=1)
    b = np.zeros((2, 3))
    np.put_along_axis(b, order[:, :1], m[:, 1:2] * 2.0, axis=1)
    np.put(b, [5, 0], m[0, :2])
    return rising * m + b


@specimen(vector(5, 2.0, -0.4))
def sorts(a):
    b = np.sort(a)
    return b * a + b[0] * np.argsort(a)


@specimen(matrix(3, 3), native=False)
def sorts_of_axes(m):
    w = np.sin(5.0 * m)
    return np.sort(w) * m, np.sort(w, axis=0), np.sort(w, axis=None) * w[0, 0]


@specimen(vector(4), native=False)
def a_sort_in_place(a):
    b = np.cos(3.0 * a)
    b.sort()
    c = -a
    c.sort()
    return b * c


@specimen(np.array([1.0, 2.0, 1.0, 2.0, 1.0]), numeric="elements tie: they change places", native=False)
def ties_keep_their_order(a):
    order = np.argsort(a, kind="stable")
    return np.sort(a, kind="stable") * np.arange(1.0, 6.0) + a[order] * order


@specimen(vector(5, 1.0, -0.2))
def extreme_places(a):
    return a[np.argmax(a)] * a[a.argmin()] + np.argmax(a) * a[1]


@specimen(matrix(3, 3), native=False)
def extreme_places_of_axes(m):
    w = np.cos(4.0 * m)
    best = np.argmax(w, axis=1)
    return w[np.arange(3), best] * m[0, np.argmin(w, axis=0)] + np.argmax(w)


@specimen(np.array([2.0, 3.0, 3.0, 1.0, 1.0]), numeric="elements tie", native=False)
def the_first_of_equals(a):
    return a[np.argmax(a)] * a + a[np.argmin(a)] ** 2


@specimen(vector(4), vector(3, 0.2, 0.5))
def places_in_a_sorted_array(x, v):
    k = np.searchsorted(x, v)
    j = np.searchsorted(x, v, side="right")
    return v * x[np.minimum(k, 3)] + j + np.searchsorted(x, 0.7) * v


@specimen(vector(5), np.array([0.5, 1.0, 1.5]), native=False)
def bins(x, edges):
    k = np.digitize(x, edges)
    falling = np.digitize(x, edges[::-1], right=True)
    totals = np.bincount(k, weights=x * x, minlength=5)
    return totals * totals[0] + np.bincount(falling)[0] * x


@specimen(vector(4), native=False)
def masks_in_a_loop(a):
    total = 0.0
    for k in range(4):
        chosen = a > a[k]
        total += np.sum(a[chosen]) * a[k]
        a[chosen] *= 1.1
    return total + np.sum(a)


@specimen(vector(6), EDGES)
def springs(x, edges):
    v = np.zeros(6)
    for _ in range(3):
        f = np.zeros(6)
        d = x[edges[:, 1]] - x[edges[:, 0]]
        np.add.at(f, edges[:, 0], d)
        np.add.at(f, edges[:, 1], -d * d)
        v = v + 0.1 * f
        x = x + 0.1 * v
    return x


@specimen(vector(4), native=False)
def nothing_is_chosen(a):
    none = a[a > 99.0]
    b = a.copy()
    b[a > 99.0] = 0.0
    return b * len(none) + np.sum(none) + b


@specimen(vector(4), np.array([True, False, True, True]), native=False)
def a_mask_that_is_given(a, m):
    return a[m] * a[~m][0] + a[np.logical_and(m, a > 0.5)].sum()


@specimen(vector(5), native=False)
def a_sort_of_what_is_chosen(a):
    b = np.sort(np.cos(a[a > 0.5] * 3.0))
    return b * np.arange(len(b)) + np.median(a[a < 1.5])
