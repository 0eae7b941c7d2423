"""Arrays seen in another way, joined, rolled, padded and repeated."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import numpy as np

from array_zoo.registry import matrix, specimen, vector


@specimen(vector(6))
def rows_of_a_parameter_vector(theta):
    w = theta[:4].reshape(2, 2)
    b = theta[4:]
    return np.tanh(w @ b) + b


@specimen(vector(6), native=False)
def a_length_that_is_left_open(a):
    m = a.reshape(-1, 3)
    return m[0] * m[1] + m.shape[0]


@specimen(vector(6), native=False)
def reshape_takes_a_tuple(a):
    return np.reshape(a, (3, -1)) * 2.0 + a.reshape((3, 2))


@specimen(vector(6), native=False)
def a_store_through_a_reshape(a):
    m = a.reshape(2, 3)
    m[1, 2] = a[0] * a[1]
    m[0] *= 2.0
    return a


@specimen(matrix(2, 3), native=False)
def a_matrix_as_a_vector(a):
    flat = a.ravel()
    return flat[1:] * flat[:-1] + np.sum(flat)


@specimen(matrix(2, 3))
def a_store_through_a_flat_view(a):
    b = np.zeros((2, 3))
    b[:] = a
    flat = b.reshape(-1)
    flat[4] = a[0, 0] * 2.0
    flat[1:3] += flat[3:5]
    return b


@specimen(matrix(2, 3), native=False)
def a_store_beside_a_flat_copy(a):
    b = a.copy()
    flat = b.flatten()
    flat[0] = 5.0
    b[1, 1] *= 2.0
    return b * flat[0] + flat[4]


@specimen(vector(12), native=False)
def three_axes(a):
    t = a.reshape(2, 3, 2)
    return t[1, :, 0] * t[0, :, 1] + np.sum(t, axis=(0, 2))


@specimen(vector(12))
def merged_and_split_again(a):
    t = a.reshape(2, 3, 2)
    m = t.reshape(6, 2)
    n = t.reshape(2, 6)
    return m[:, 0] * n[1]


@specimen(vector(8), native=False)
def every_other_element_in_rows(a):
    m = a[::2].reshape(2, 2)
    m[0, 1] = 3.0 * a[1]
    return a[2] * a + m[1, 0]


@specimen(matrix(3, 2))
def a_transpose_as_a_vector(a):
    return a.T.reshape(-1) * np.arange(6)


@specimen(matrix(3, 2), native=False)
def rows_of_a_part(a):
    b = np.array(a * 2.0)
    return b[1:].reshape(-1) + b[:2].ravel()


@specimen(vector(12), native=False)
def transposes_of_axes(a):
    t = a.reshape(2, 3, 2).transpose(2, 0, 1)
    u = np.transpose(t, (1, 2, 0))
    return t[0, 1] * u[1, :, 1]


@specimen(vector(12), native=False)
def axes_change_places(a):
    t = a.reshape(2, 3, 2)
    return np.swapaxes(t, 0, 1)[2, 1] * np.moveaxis(t, -1, 0)[1, 1, 2] + t.swapaxes(1, 2)[0, 0, 1]


@specimen(vector(3), vector(2), native=False)
def axes_are_added_and_dropped(a, b):
    m = np.expand_dims(a, 1) * np.expand_dims(b, 0)
    return np.squeeze(m[:, :1], axis=1) * a + np.squeeze(np.sum(m, axis=1, keepdims=True))


@specimen(matrix(2, 3), native=False)
def flips(a):
    return np.flip(a) * np.flip(a, 0) + np.flipud(a) * np.fliplr(a) + np.flip(a, axis=(0, 1))


@specimen(matrix(2, 3), native=False)
def quarter_turns(a):
    return np.rot90(a) * np.rot90(a, 3) + np.rot90(a, 2).T * np.rot90(np.rot90(a)).T


@specimen(vector(4), native=False)
def a_store_through_a_flip(a):
    b = np.flip(a)
    b[0] = 2.0 * a[0]
    return a


@specimen(vector(3), vector(2))
def end_to_end(a, b):
    c = np.concatenate((a, b * b, a[:1]))
    return c * c[::-1]


@specimen(matrix(2, 2), matrix(2, 3), vector(4), native=False)
def joined_along_axes(a, b, c):
    wide = np.concatenate([a, b], axis=1)
    tall = np.concatenate((a, a * 2.0, b[:, :2]))
    flat = np.concatenate((a, c), axis=None)
    return np.sum(wide, axis=0), np.sum(tall * tall, axis=1), flat


@specimen(vector(3), vector(3, -1.0), native=False)
def stacks(a, b):
    s = np.stack((a, b))
    t = np.stack([a, b, a * b], axis=1)
    u = np.vstack((a, b, s))
    v = np.hstack((a, b)) * np.append(b, a)
    w = np.column_stack((a, b))
    return s[1] * t[:, 2], u[3] * u[0], v, w


@specimen(vector(3), 1.3, native=False)
def numbers_are_joined(a, x):
    return np.hstack((x, a, 2.0)) * np.append(a, (x, x * x))[1:].sum() + np.stack((x, x, x, x, x))


@specimen(vector(5), 2, native=False)
def rolls(a, k):
    return np.roll(a, 1) * np.roll(a, -k) + np.roll(a, 13)


@specimen(matrix(2, 3), native=False)
def rolls_of_axes(a):
    return np.roll(a, 1, axis=0) * np.roll(a, -1, axis=1) + np.roll(a, 2) + np.roll(a, (1, 1), axis=(0, 1))


@specimen(vector(4))
def a_stencil_by_rolls(u):
    for _ in range(3):
        u = u + 0.1 * (np.roll(u, 1) - 2.0 * u + np.roll(u, -1)) * u
    return u


@specimen(vector(4), 2, native=False)
def pads(a, k):
    return (
        np.pad(a, k),
        np.pad(a, (1, k), mode="edge"),
        np.pad(a, (k, 3), mode="reflect"),
        np.pad(a, 2, "wrap"),
        np.pad(a, (3, 0), "symmetric"),
        np.pad(a, 1, constant_values=2.5) * 2.0,
    )


@specimen(matrix(2, 3), native=False)
def pads_of_matrices(a):
    return (
        np.pad(a, 1, mode="edge"),
        np.pad(a, ((1, 0), (0, 2)), mode="wrap"),
        np.pad(a, ((0, 1), (2, 1)), mode="reflect"),
        np.pad(a, ((1, 1), (0, 0))),
    )


@specimen(vector(2))
def pads_longer_than_the_array(a):
    return np.pad(a, 5, mode="reflect") + np.pad(a, 5, mode="wrap") * np.pad(a, 5, mode="symmetric")


@specimen(matrix(2, 2), 3)
def repeats(a, k):
    return np.repeat(a, 2) * 2.0, np.repeat(a, k, axis=0) * np.repeat(a, k, axis=1)[0, 0], a.repeat(2, axis=1)


@specimen(vector(3), native=False)
def tiles(a):
    return np.tile(a, 2) * np.tile(a * a, (2, 2)), np.tile(a[:, None], (1, 2)) * a[0]


@specimen(vector(3), native=False)
def a_view_that_is_stretched(a):
    m = np.broadcast_to(a, (2, 3))
    n = np.broadcast_to(a[:, None], (3, 2))
    return m * m[0, 1] + n.T


@specimen(vector(6), matrix(2, 4))
def parts_of_arrays(a, m):
    x, y, z = np.split(a, 3)
    head, tail = np.split(a, [2])
    left, right = np.split(m, 2, axis=1)
    return x * y + z, head[0] * tail, left @ right


@specimen(vector(2), vector(3), native=False)
def grids(x, y):
    a, b = np.meshgrid(x, y)
    c, d = np.meshgrid(x, y, indexing="ij")
    return a * b + (c * d * d).T


@specimen(vector(3), matrix(3, 3), native=False)
def diagonals(a, m):
    return (
        np.diag(a) @ m,
        np.diag(m) * a + np.diagonal(m, 1)[0],
        np.diag(a[:2], -1) * m,
        np.trace(m) * np.eye(3) + np.eye(3, k=1) * a + np.identity(3),
    )


@specimen(matrix(3, 3), native=False)
def triangles(m):
    return np.triu(m) @ np.tril(m, -1) + np.triu(m, 1) * m


@specimen(vector(3), 2.0, native=False)
def numbers_as_arrays(a, x):
    return np.atleast_1d(x) * a[:1] + np.atleast_1d(a)[2] + np.atleast_2d(a)[0, :1]


@specimen(vector(4), native=False)
def types_of_elements(a):
    n = (a * 3.0).astype(int)
    return n.astype(float) * a + (a > 1.0).astype(float)


@specimen(matrix(2, 3), native=False)
def a_copy_in_rows_is_stored_into(a):
    b = a.T.copy()
    flat = b.ravel()
    flat[1:] *= a[0, 0]
    flat[0] = 2.0
    return b
