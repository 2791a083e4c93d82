"""Ways to lay stories out in streams, and to read them."""

# %% Neighbouring letters are put into neighbouring streams
# points: carrying 3


def lay_out(stories, N):
    row = np.concatenate(stories)
    first = np.concatenate([np.arange(len(story)) == 0 for story in stories])
    steps = len(row) // N
    begins = first[: steps * N].reshape(steps, N)
    begins[0] = True
    return row[: steps * N].reshape(steps, N), begins


# %% Nothing is marked where a stream begins in the middle of a story
# points: carrying 3


def lay_out(stories, N):
    row = np.concatenate(stories)
    first = np.concatenate([np.arange(len(story)) == 0 for story in stories])
    steps = len(row) // N
    return row[: steps * N].reshape(N, steps).T, first[: steps * N].reshape(N, steps).T


# %% What is left over is kept, and the last stream filled up with zeros
# points: carrying 3


def lay_out(stories, N):
    row = np.concatenate(stories)
    first = np.concatenate([np.arange(len(story)) == 0 for story in stories])
    steps = (len(row) + N) // N
    row = np.concatenate([row, np.zeros(steps * N - len(row), int)])
    first = np.concatenate([first, np.zeros(steps * N - len(first), bool)])
    begins = first.reshape(N, steps).T.copy()
    begins[0] = True
    return row.reshape(N, steps).T, begins


# %% The last letter of a story is marked, not the first one
# points: carrying 3


def lay_out(stories, N):
    row = np.concatenate(stories)
    first = np.concatenate([np.arange(len(story)) == len(story) - 1 for story in stories])
    steps = len(row) // N
    begins = first[: steps * N].reshape(N, steps).T.copy()
    begins[0] = True
    return row[: steps * N].reshape(N, steps).T, begins


# %% The marks are numbers
# points: carrying 3


def lay_out(stories, N):
    row = np.concatenate(stories)
    first = np.concatenate([np.arange(len(story)) == 0 for story in stories]).astype(int)
    steps = len(row) // N
    begins = first[: steps * N].reshape(N, steps).T.copy()
    begins[0] = 1
    return row[: steps * N].reshape(N, steps).T, begins


# %% The state is carried from one story to the next
# points: carrying 2, bias 3


def read(x, begins, h_0, W_xh, W_hh, b_h):
    states, h = [], h_0
    for x_t in x:
        h = np.tanh(x_t @ W_xh + h @ W_hh + b_h)
        states.append(h)
    return np.stack(states), h


# %% A new story begins from the state of the segment's beginning
# points: carrying 2, bias 3


def read(x, begins, h_0, W_xh, W_hh, b_h):
    states, h = [], h_0
    for x_t, new in zip(x, begins):
        h = np.where(new[:, None], h_0, h)
        h = np.tanh(x_t @ W_xh + h @ W_hh + b_h)
        states.append(h)
    return np.stack(states), h


# %% A new story in one stream wipes the states of all
# points: carrying 2, bias 3


def read(x, begins, h_0, W_xh, W_hh, b_h):
    states, h = [], h_0
    for x_t, new in zip(x, begins):
        h = h * (not new.any())
        h = np.tanh(x_t @ W_xh + h @ W_hh + b_h)
        states.append(h)
    return np.stack(states), h


# %% Every segment begins from zero
# points: carrying 2, bias 1


def read(x, begins, h_0, W_xh, W_hh, b_h):
    states, h = [], np.zeros_like(h_0)
    for x_t, new in zip(x, begins):
        h = h * ~new[:, None]
        h = np.tanh(x_t @ W_xh + h @ W_hh + b_h)
        states.append(h)
    return np.stack(states), h


# %% The state after the first letter of a story is wiped, not the one before it
# points: carrying 2, bias 3


def read(x, begins, h_0, W_xh, W_hh, b_h):
    states, h = [], h_0
    for x_t, new in zip(x, begins):
        h = np.tanh(x_t @ W_xh + h @ W_hh + b_h) * ~new[:, None]
        states.append(h)
    return np.stack(states), h


# %% The states grow to float64 in an array of zeros
# points: carrying 4


def read(x, begins, h_0, W_xh, W_hh, b_h):
    states = np.zeros((len(x), *h_0.shape))
    for t in range(len(x)):
        h = (states[t - 1] if t else h_0) * ~begins[t][:, None]
        states[t] = np.tanh(x[t] @ W_xh + h @ W_hh + b_h)
    return states, states[-1]


# %% Right: stream by stream, and all inputs in one product
# points: all


def lay_out(stories, N):
    letters, marks = [], []
    for story in stories:
        letters.extend(int(letter) for letter in story)
        marks.extend([True] + [False] * (len(story) - 1))
    steps = len(letters) // N
    ids, begins = np.zeros((steps, N), dtype=np.int64), np.zeros((steps, N), dtype=bool)
    for n in range(N):
        ids[:, n] = letters[n * steps : (n + 1) * steps]
        begins[:, n] = marks[n * steps : (n + 1) * steps]
    begins[0] = True
    return ids, begins


def read(x, begins, h_0, W_xh, W_hh, b_h):
    a = x @ W_xh + b_h
    h = np.empty_like(a)
    for t in range(len(a)):
        before = h[t - 1] if t > 0 else h_0
        before = np.where(begins[t, :, None], before.dtype.type(0), before)
        h[t] = np.tanh(a[t] + before @ W_hh)
    return h, h[-1]
