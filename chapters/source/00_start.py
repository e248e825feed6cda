# %% [markdown]
# # learnnn
#
# Learn deep learning by rebuilding it.
#
# learnnn is a small deep learning framework, written in plain numpy, with the names and the behaviour of PyTorch. Its lessons
# take it apart and let you write the parts again, one at a time. Whatever you finish is checked, drawn, and then **runs inside
# the framework in place of the shipped part**. Bit by bit the framework becomes yours, until it trains networks on code that
# you wrote and understand.

# %% [markdown]
# ## How a lesson goes
#
# 1. **Run** the finished thing, to see where it leads.
# 2. **By hand**, on numbers small enough for paper.
# 3. **Predict, then run.** Guess before you press the key: a wrong guess teaches more than a right answer that you only read.
# 4. **Rebuild.** Where a cell says `YOUR CODE HERE`, write the code. Run the cell.
# 5. **Check.** The cell below it tries your code on fresh numbers. If something is wrong it shows the smallest case
#    that fails, and where it knows the mistake, it names it.
# 6. **Look inside**, break it on purpose, use it on real data.
# 7. **Read** the shipped source beside your own, and the same lines in PyTorch.
#
# Here is a check at work. Suppose you were asked for the product of two numbers and its slopes (how fast it moves with
# each of the two), and put the slopes in the wrong order:

# %%
from learnnn import course


def mul(a, b):
    return a * b, (a, b)


course.check("scalar.mul", mul, seed=0)

# %% [markdown]
# A check shows what went wrong and never the solution. The other words you need:
#
# | | |
# |---|---|
# | `course.check("scalar.mul", mul)` | Is it right? Ask as often as you like. |
# | `course.hint("scalar.mul")` | A step of help; each call says a little more. |
# | `course.solution("scalar.mul")` | One way to write it, for when you are done, or done with it. |
# | `course.use("scalar.mul", mul)` | Check it, keep it in your folder `mine`, and let the framework run it from now on. |
# | `course.exercises()` | Everything there is to write. |
# | `course.progress()` | The framework as a map, with the parts that are yours in your colour. |
# | `course.bisect(train)` | Which of your parts breaks a training run? |
# | `course.find_the_bug(seed=1)` | A broken part in a working network: repair it, and name the mistake. |
#
# In the notebook: **Shift+Enter** runs a cell and goes on to the next. The notebook is yours, so change things and see what happens; a
# cell that went wrong can be run again. If everything seems stuck, choose *Kernel › Restart Kernel* from the menu and run the cells from the
# top. Nothing you typed is lost by that.

# %% [markdown]
# ## The lessons
#
# Those with a link are here. Each uses only what the earlier ones have built. If neurons and gradient descent are old
# friends, and you know python and what a slope is, you can begin with lesson 03.
#
# | | lesson | what you rebuild |
# |---|---|---|
# | **01** | **[A neuron](01_neuron.ipynb)** | **weighted sum, threshold, logistic unit** |
# | **02** | **[Gradient descent](02_gradient_descent.ipynb)** | **loss, gradient, step, learning rate** |
# | **03** | **[Scalar autograd](03_scalar_autograd.ipynb)** | **numbers that find their own slopes: operations, topological order, backward** |
# | **04** | **[A network of scalars](04_scalar_mlp.ipynb)** | **neuron, layer and network on your own numbers** |
# | **05** | **[Tensor autograd](05_tensor_autograd.ipynb)** | **the same with arrays: broadcasting, matmul, reductions and their gradients** |
# | **06** | **[Modules and initialization](06_modules_and_init.ipynb)** | **Parameter, Module, Linear, Sequential; Xavier and He** |
# | **07** | **[Softmax and cross-entropy](07_softmax_cross_entropy.ipynb)** | **log-sum-exp, softmax, the loss of every classifier** |
# | **08** | **[Optimizers](08_optimizers.ipynb)** | **momentum, RMSprop, Adam, schedules, clipping** |
# | **09** | **[Training and regularization](09_training_and_regularization.ipynb)** | **the training loop, dropout, early stopping, metrics** |
# | **10** | **[Normalization and residuals](10_normalization_and_residuals.ipynb)** | **BatchNorm, LayerNorm, skip connections** |
# | 11 | Convolution | correlation, im2col, pooling |
# | 12 | Convolutional networks | a CNN, and what it looks at |
# | 13 | Embeddings | counts, vectors, a neural n-gram |
# | 14 | Recurrent networks | RNN, LSTM, GRU, backpropagation through time |
# | 15 | Tokenization | byte-pair encoding |
# | 16 | Attention | scaled dot-product, masks, heads |
# | 17 | The transformer | block, positions, pre-norm |
# | 18 | GPT | a small GPT, sampling, cache |
# | 19 | Autoencoders | reparameterization, KL |
# | 20 | Adversarial networks | the game and both its losses |
# | 21 | Diffusion | noising, denoiser, sampler |
# | 22 | Training in parallel | synchronous and asynchronous SGD |
# | 23 | The whole of it | your own framework trains the GPT of lesson 18 |

# %% [markdown]
# ## When something does not work
#
# `learnnn doctor`, typed in a terminal, says what is missing on this machine and how to get it. `learnnn start` lays out the lessons
# again without touching files that are there already.
#
# **Start:** [lesson 01, a neuron](01_neuron.ipynb).
