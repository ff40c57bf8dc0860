// Numbers that both compilers read: the shape of every block that TypeScript writes and the core reads.
// Offsets are in bytes.

export const ABI_VERSION = 1;

/** Alignment of every block the allocator hands out: one cache line. */
export const ALIGN_BYTES = 64;

// --- matrix products ---
/** Terms summed in f32 before the sum is added to the result. Half of a 32 KiB first-level cache holds one panel. */
export const K_BLOCK = 512;
/** Rows of the result in one parallel chunk; a multiple of the 4 rows of a tile. */
export const ROWS_PER_CHUNK = 32;
/** Columns of the result in one parallel chunk, where there are too few rows; a multiple of the 8 of a tile. */
export const COLUMNS_PER_CHUNK = 128;
/** Below this many products a fork and join costs more than it gains. */
export const PARALLEL_MIN_PRODUCTS = 1 << 20;

// --- thread pool block ---
export const POOL_LOCK = 0;
export const POOL_OPEN = 4;
export const POOL_TICKET = 8;
export const POOL_FUNCTION = 12;
export const POOL_ARGUMENTS = 16;
export const POOL_CHUNKS = 20;
/** Helpers that take part; those with a higher index stay asleep. */
export const POOL_HELPERS = 24;
export const POOL_NEXT = 64;
export const POOL_DONE = 128;
export const POOL_ACTIVE = 192;
export const POOL_BYTES = 256;
/** Polls of the ticket before a helper goes to sleep: some tens of microseconds. */
export const SPIN_LIMIT = 20000;
/** Scratch of one thread: a packed panel of K_BLOCK x 8 f32, then the arguments of the job it leads. */
export const PACK_BYTES = 16384;
export const JOB_ARGUMENT_BYTES = 256;

// --- generator state: four u32 words, then ---
export const RANDOM_HAS_SPARE = 16;
export const RANDOM_SPARE = 24;
export const RANDOM_BYTES = 32;

// --- activations ---
export const ACTIVATION_IDENTITY = 0;
export const ACTIVATION_RELU = 1;
export const ACTIVATION_TANH = 2;
export const ACTIVATION_GELU = 3;
export const ACTIVATION_SIGMOID = 4;

// --- losses ---
export const LOSS_MSE = 0;
export const LOSS_SOFTMAX = 1;
export const LOSS_BINARY_CROSS_ENTROPY = 2;
export const LOSS_HUBER = 3;
export const LOSS_NEGATIVE_SHARPE = 4;

// --- network description: a header, then one record per layer ---
export const NETWORK_LAYERS = 0;
export const NETWORK_LOSS = 4;
/** f64: turnover cost of negative Sharpe. */
export const NETWORK_COST = 8;
/** 1 when the loss reads the last layer before its activation (binary cross-entropy behind a sigmoid). */
export const NETWORK_FUSED = 16;
export const NETWORK_HEADER_BYTES = 64;

export const LAYER_INPUT = 0;
export const LAYER_OUTPUT = 4;
export const LAYER_ACTIVATION = 8;
/** Rank of the adapter; 0 for none. */
export const LAYER_RANK = 12;
/** First element of W [o x i] in the base block; -1 when the layer is its adapter alone. */
export const LAYER_WEIGHT = 16;
/** First element of b [o] in the base block. */
export const LAYER_BIAS = 20;
/** First element of A [r x i] in the adapter block. */
export const LAYER_A = 24;
/** First element of B transposed, [r x o], in the adapter block. */
export const LAYER_BT = 28;
/** f32: alpha / r. */
export const LAYER_SCALE = 32;
export const LAYER_BYTES = 64;

// --- workspace of a forward pass: one record of addresses per layer, then the buffers ---
export const TRACE_INPUT = 0;
export const TRACE_Z = 4;
export const TRACE_Y = 8;
export const TRACE_H = 12;
export const TRACE_BYTES = 16;

// --- plan of a training run ---
/** Address of the network description. */
export const PLAN_NETWORK = 0;
/** Address of the base block in use. */
export const PLAN_BASE = 4;
/** Address of the adapter block in use. */
export const PLAN_ADAPTER = 8;
/** Address of the block that is trained: f32[COUNT], holding the adapter, the base, or both. */
export const PLAN_PARAMETERS = 12;
/** Parameters trained. */
export const PLAN_COUNT = 16;
/** f32[COUNT]. */
export const PLAN_GRADIENT = 20;
/** Where in GRADIENT the base's gradient starts; 0 when the base is frozen. */
export const PLAN_GRADIENT_BASE = 24;
/** The same for the adapter. */
export const PLAN_GRADIENT_ADAPTER = 28;
/** f32[ROWS x inputSize]. */
export const PLAN_INPUTS = 32;
/** f32[ROWS x outputSize]. */
export const PLAN_LABELS = 36;
/** f32[ROWS], or 0 for all 1. */
export const PLAN_WEIGHTS = 40;
/** New samples. */
export const PLAN_ROWS = 44;
/** The same for replayed samples. */
export const PLAN_REPLAY_INPUTS = 48;
export const PLAN_REPLAY_LABELS = 52;
export const PLAN_REPLAY_WEIGHTS = 56;
export const PLAN_REPLAY_ROWS = 60;
/** New samples in a batch; equal to ROWS: all, in their order. */
export const PLAN_BATCH_ROWS = 64;
/** Replayed samples in a batch. */
export const PLAN_BATCH_REPLAY_ROWS = 68;
/** Gather buffers; 0 when every batch is the whole of INPUTS. */
export const PLAN_BATCH_INPUTS = 72;
export const PLAN_BATCH_LABELS = 76;
export const PLAN_BATCH_WEIGHTS = 80;
/** u32[ROWS]: the order in which samples are drawn. */
export const PLAN_ORDER = 84;
/** u32[REPLAY_ROWS]. */
export const PLAN_REPLAY_ORDER = 88;
/** Next position in ORDER; starts at ROWS, which draws a first order. */
export const PLAN_CURSOR = 92;
export const PLAN_REPLAY_CURSOR = 96;
/** Generator state. */
export const PLAN_RANDOM = 100;
/** OPTIMIZER_*. */
export const PLAN_OPTIMIZER = 104;
/** f32[COUNT] for momentum and AdamW. */
export const PLAN_MOMENT1 = 108;
/** f32[COUNT] for AdamW. */
export const PLAN_MOMENT2 = 112;
/** Moves the moments have seen, over all runs. */
export const PLAN_MOMENT_STEPS = 116;
/** SCHEDULE_*. */
export const PLAN_SCHEDULE = 120;
/** Steps of linear warm-up. */
export const PLAN_WARMUP = 124;
export const PLAN_MAX_STEPS = 128;
/** EWC_*. */
export const PLAN_EWC = 132;
/** f32[COUNT]. */
export const PLAN_FISHER = 136;
/** f32[COUNT]. */
export const PLAN_BASELINE = 140;
/** Early stop: judged on these rows. */
export const PLAN_HOLDOUT_INPUTS = 144;
export const PLAN_HOLDOUT_LABELS = 148;
export const PLAN_HOLDOUT_WEIGHTS = 152;
/** 0 for no early stop. */
export const PLAN_HOLDOUT_ROWS = 156;
/** Steps between two looks. */
export const PLAN_HOLDOUT_EVERY = 160;
/** Looks without gain before stopping. */
export const PLAN_PATIENCE = 164;
/** f32[COUNT]: the best parameters seen. */
export const PLAN_BEST = 168;
/** Looks since the best. */
export const PLAN_STALE = 172;
/** For max(batch rows, EVALUATION_ROWS). */
export const PLAN_WORKSPACE = 176;
/** f32[rows x outputSize], rows the largest set that is judged at once. */
export const PLAN_OUTPUTS = 180;
/** f64[the same rows]. */
export const PLAN_PNL = 184;
/** Steps done. */
export const PLAN_STEP = 188;
/** STATUS_*. */
export const PLAN_STATUS = 192;
/** Set to 1 by another thread to cancel. */
export const PLAN_ABORT = 196;
// f64 from here on
export const PLAN_LR = 200;
/** mu, or beta1 of AdamW. */
export const PLAN_MOMENTUM = 208;
export const PLAN_BETA2 = 216;
/** Weight decay. */
export const PLAN_DECAY = 224;
/** Largest gradient norm; Infinity for no clipping. */
export const PLAN_CLIP = 232;
/** EWC strength. */
export const PLAN_LAMBDA = 240;
export const PLAN_BEST_LOSS = 248;
/** Task loss of the last step's batch. */
export const PLAN_LOSS = 256;
/** EWC penalty before the last step. */
export const PLAN_PENALTY = 264;
/** L2 norm of the last step's gradient before clipping. */
export const PLAN_GRADIENT_NORM = 272;
/** Task loss over all of INPUTS before the first step and after the last. */
export const PLAN_LOSS_BEFORE = 280;
export const PLAN_LOSS_AFTER = 288;
export const PLAN_BYTES = 320;

export const OPTIMIZER_SGD = 0;
export const OPTIMIZER_MOMENTUM = 1;
export const OPTIMIZER_ADAMW = 2;

export const SCHEDULE_CONSTANT = 0;
export const SCHEDULE_COSINE = 1;

export const EWC_OFF = 0;
export const EWC_GRADIENT = 1;
export const EWC_PROXIMAL = 2;

export const STATUS_RUNNING = 0;
export const STATUS_FINISHED = 1;
export const STATUS_STOPPED_EARLY = 2;
export const STATUS_CANCELLED = 3;
export const STATUS_DIVERGED = 4;

/** Rows that are judged at once when a loss over many samples is computed. */
export const EVALUATION_ROWS = 256;

// --- Fisher ---
export const LABELS_EMPIRICAL = 0;
export const LABELS_EXACT = 1;
export const LABELS_SAMPLED = 2;

// --- moments of a sliding window: a header, then W + 1 suffix pairs and W values, all f64 ---
export const WINDOW_SIZE = 0;
/** Values of the current block pushed so far. */
export const WINDOW_FILL = 4;
/** 1 once a block has been completed. */
export const WINDOW_FULL = 8;
/** Reference that is subtracted from every value. */
export const WINDOW_CENTER = 16;
/** Sum and sum of squares of the current block around the reference. */
export const WINDOW_SUM = 24;
export const WINDOW_SQUARES = 32;
export const WINDOW_HEADER_BYTES = 64;

// --- Sharpe drift detector: a header, then the window of returns, then the window of Sharpe ratios ---
/** 1 when the input is P&L, whose first differences are the returns. */
export const SHARPE_DIFFERENCES = 0;
/** i32: values observed, at most 2^31 - 1. */
export const SHARPE_COUNT = 4;
/** i32: address of the window of Sharpe ratios. */
export const SHARPE_HISTORY = 8;
/** i32: values until the first full window. */
export const SHARPE_VALUES = 12;
export const SHARPE_PREVIOUS = 16;
export const SHARPE_SIGMAS = 24;
/** sqrt(annualization). */
export const SHARPE_SCALE = 32;
export const SHARPE_CURRENT = 40;
/** Mean of the history and alert threshold at the last value; NaN while the history is too short. */
export const SHARPE_MEAN = 48;
export const SHARPE_THRESHOLD = 56;
export const SHARPE_HEADER_BYTES = 64;
/** f64 per alert of a batch: index of the value, Sharpe ratio, mean, threshold. */
export const ALERT_FIELDS = 4;
