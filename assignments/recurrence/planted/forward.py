"""Ways to run a network."""

# %% The recurrent matrix is transposed
# points: forward 0


def forward(x, marks, h_0, W_xh, W_hh, b_h):
    states, h = np.empty((*x.shape[:2], len(W_hh)), h_0.dtype), h_0
    for t in range(len(x)):
        h = {{before}}
        states[t] = h = np.tanh(x[t] @ W_xh + h @ W_hh.T + b_h)
        h = {{after}}
    return states


# %% The marks are ignored: a state is carried into the next sequence
# points: forward 3


def forward(x, marks, h_0, W_xh, W_hh, b_h):
    states, h = np.empty((*x.shape[:2], len(W_hh)), h_0.dtype), h_0
    for t in range(len(x)):
        states[t] = h = np.tanh(x[t] @ W_xh + h @ W_hh + b_h)
    return states


# %% A mark in one row puts all rows back
# points: forward 3


def forward(x, marks, h_0, W_xh, W_hh, b_h):
    first = {{firsts}}
    states, h = np.empty((*x.shape[:2], len(W_hh)), h_0.dtype), h_0
    for t in range(len(x)):
        h = h_0 if first[t].any() else h
        states[t] = h = np.tanh(x[t] @ W_xh + h @ W_hh + b_h)
    return states


# %% The state is put back on the other side of the step
# points: forward 3


def forward(x, marks, h_0, W_xh, W_hh, b_h):
    states, h = np.empty((*x.shape[:2], len(W_hh)), h_0.dtype), h_0
    for t in range(len(x)):
        h = {{after}}
        states[t] = h = np.tanh(x[t] @ W_xh + h @ W_hh + b_h)
        h = {{before}}
    return states


# %% The state is put back to zeros
# points: forward 3


def forward(x, marks, h_0, W_xh, W_hh, b_h):
    first = {{firsts}}
    states, h = np.empty((*x.shape[:2], len(W_hh)), h_0.dtype), h_0
    for t in range(len(x)):
        h = np.where(first[t][:, None] & (t > 0), 0, h)
        states[t] = h = np.tanh(x[t] @ W_xh + h @ W_hh + b_h)
    return states


# %% What comes out is float64 always
# points: forward 4


def forward(x, marks, h_0, W_xh, W_hh, b_h):
    states, h = np.empty((*x.shape[:2], len(W_hh))), h_0
    for t in range(len(x)):
        h = {{before}}
        states[t] = h = np.tanh(x[t] @ W_xh + h @ W_hh + b_h)
        h = {{after}}
    return states


# %% A list that is stacked, and is empty where there is no step
# points: forward 4


def forward(x, marks, h_0, W_xh, W_hh, b_h):
    states, h = [], h_0
    for t in range(len(x)):
        h = {{before}}
        h = np.tanh(x[t] @ W_xh + h @ W_hh + b_h)
        states.append(h)
        h = {{after}}
    return np.stack(states)


# %% The state before the first step is read from index -1
# points: forward 0


def forward(x, marks, h_0, W_xh, W_hh, b_h):
    states = np.zeros((*x.shape[:2], len(W_hh)), h_0.dtype)
    for t in range(len(x)):
        h = states[t - 1]
        h = {{before}}
        states[t] = h = np.tanh(x[t] @ W_xh + h @ W_hh + b_h)
    return states


# %% The state before the first step is part of what comes out
# points: forward 0


def forward(x, marks, h_0, W_xh, W_hh, b_h):
    states, h = [h_0], h_0
    for t in range(len(x)):
        h = {{before}}
        h = np.tanh(x[t] @ W_xh + h @ W_hh + b_h)
        states.append(h)
        h = {{after}}
    return np.stack(states)


# %% Batch and time are exchanged
# points: forward 0


def forward(x, marks, h_0, W_xh, W_hh, b_h):
    states = np.zeros((*x.shape[:2], len(W_hh)), h_0.dtype)
    h = np.zeros((len(x), len(W_hh)), h_0.dtype)
    for n in range(x.shape[1]):
        states[:, n] = h = np.tanh(x[:, n] @ W_xh + h @ W_hh + b_h)
    return states


# %% Every step begins with the first state
# points: forward 0


def forward(x, marks, h_0, W_xh, W_hh, b_h):
    return np.tanh(x @ W_xh + h_0 @ W_hh + b_h)


# %% Right: the inputs' share before the loop, and one row after the other
# points: all


def forward(x, marks, h_0, W_xh, W_hh, b_h):
    first = {{firsts}}
    a = x @ W_xh + b_h
    for n in range(x.shape[1]):
        for t in range(len(x)):
            h = h_0[n] if t == 0 or first[t, n] else a[t - 1, n]
            a[t, n] = np.tanh(a[t, n] + h @ W_hh)
    return a
