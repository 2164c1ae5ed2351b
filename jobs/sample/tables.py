"""The parameters of the sample book: ten archetypes of applicants, with rates and histograms for each.

They are from a latent class model (EM; ten classes had the best held-out likelihood) of a real loan book, rounded to
per mille. They include no row of it. Within an archetype the columns are independent of each other and of the default,
so a model can learn only from the archetypes, the income arithmetic and the clickstream.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Histogram(NamedTuple):
    """Bin edges (bins + 1) and, for each archetype, the cumulative shares at these edges (archetypes x (bins + 1))."""

    edges: Floats
    cumulative: Floats


def numbers(text: str) -> Floats:
    """The numbers in a text, separated by spaces."""
    return np.array(text.split(), dtype=np.float64)


def cumulative(weights: Floats) -> Floats:
    """Cumulative shares from exactly 0 to exactly 1 along the last axis, with one entry more than the weights."""
    total = np.cumsum(weights, axis=-1)
    shares = total / total[..., -1:]
    return np.concatenate([np.zeros_like(shares[..., :1]), shares], axis=-1)


def _histogram(edges: str, *weights: str) -> Histogram:
    return Histogram(numbers(edges), cumulative(np.stack([numbers(row) for row in weights])))


# One entry for each archetype, from the safest to the riskiest, per mille.
ARCHETYPE_SHARE = numbers("208 58 114 63 72 105 138 102 87 51") / 998.0
# Moved 7% towards the mean, so that a model has the same AUC as on the real book: the clickstream predicts more here
# (see `clickstream`).
DEFAULT_RATE = numbers("20 78 100 150 156 181 424 681 693 785") / 1000.0
ODD_SALARY_RATE = numbers("87 57 69 94 54 44 62 60 49 8") / 1000.0  # salary and instalments of another month
MINIMUM_PAYER_RATE = numbers("0 1000 297 0 1000 1000 1000 1000 1000 0") / 1000.0
GOOD_MIX_RATE = numbers("1000 0 0 700 0 0 0 0 0 1000") / 1000.0
BAD_MIX_RATE = numbers("0 0 0 0 0 0 1000 1000 0 0") / 1000.0  # the others have a Standard mix

# Columns drawn by archetype, uniform within a bin. The integer columns have integer edges and are rounded down.
HISTOGRAMS: dict[str, Histogram] = {
    "Age": _histogram(
        "14 18 23 29 35 41 46 50 57",
        "0 127 153 153 157 124 108 178",
        "109 200 189 180 205 116 1 0",
        "0 97 168 162 163 142 107 162",
        "0 93 185 176 140 108 100 197",
        "2 82 150 193 123 153 110 187",
        "127 127 172 184 209 159 23 0",
        "91 152 179 213 206 142 17 0",
        "99 164 189 189 202 144 12 0",
        "129 150 179 200 185 148 9 0",
        "0 106 169 173 154 119 110 168",
    ),
    "Annual_Income": _histogram(
        "7000 9500 12000 14500 17000 20000 25000 30000 34000 38000 44000 52000 60000 70000 80000 92000"
        " 106000 122000 145000 180000",
        "0 0 8 47 62 57 38 74 74 121 16 17 48 43 81 54 83 100 76",
        "0 55 32 73 54 59 100 60 70 32 47 36 68 76 60 82 34 48 14",
        "0 34 36 44 50 105 80 79 70 36 18 40 79 69 64 65 63 59 10",
        "0 47 60 47 50 80 93 67 51 24 59 90 88 59 41 77 40 24 2",
        "0 34 46 19 38 96 76 72 63 13 47 56 85 60 81 98 85 31 0",
        "54 56 31 93 100 74 62 78 39 29 53 51 88 48 45 45 28 24 3",
        "120 53 45 116 139 46 22 48 36 50 69 101 71 57 26 0 0 0 0",
        "117 40 23 121 156 37 28 47 53 63 66 84 77 64 24 0 0 0 0",
        "127 44 14 142 155 53 13 31 58 71 57 84 79 50 22 0 0 0 0",
        "0 0 0 49 41 59 44 79 86 120 18 20 25 46 99 55 78 82 98",
    ),
    "Num_Bank_Accounts": _histogram(
        "0 3 6 9 11",
        "500 499 1 0",
        "0 503 497 0",
        "3 523 465 9",
        "7 505 488 0",
        "5 494 501 0",
        "0 518 482 0",
        "0 1 616 382",
        "0 2 600 398",
        "2 308 509 181",
        "526 464 11 0",
    ),
    "Num_Credit_Card": _histogram(
        "1 3 5 6 8 11",
        "196 391 211 202 0",
        "0 412 237 349 3",
        "2 418 194 384 3",
        "7 379 210 403 0",
        "0 378 214 408 0",
        "0 392 184 420 4",
        "0 2 151 331 517",
        "0 2 173 328 498",
        "2 159 148 346 345",
        "3 410 228 352 7",
    ),
    "Interest_Rate": _histogram(
        "1 5 9 13 15 18 21 25 30 35",
        "350 336 314 0 0 0 0 0 0",
        "0 241 275 136 176 171 0 0 0",
        "1 211 213 149 245 181 0 0 0",
        "259 349 391 0 0 0 0 0 0",
        "0 234 241 113 213 199 0 0 0",
        "0 249 245 120 204 180 0 2 0",
        "0 0 0 0 134 151 212 252 251",
        "0 0 0 0 119 132 251 247 251",
        "0 2 0 1 166 136 228 226 242",
        "338 397 264 0 0 0 0 0 0",
    ),
    "Num_of_Loan": _histogram(
        "0 1 2 3 4 5 6 7 8 9 10",
        "201 210 222 190 177 0 0 0 0 0",
        "137 163 213 224 260 0 1 1 0 0",
        "152 233 199 196 220 0 0 0 0 0",
        "228 168 178 204 222 0 0 0 0 0",
        "220 208 180 216 175 0 0 0 0 0",
        "0 2 163 153 154 164 202 163 0 0",
        "0 0 0 0 0 192 211 194 193 209",
        "0 0 127 118 91 162 170 166 65 101",
        "0 0 215 172 128 149 184 151 0 0",
        "221 171 209 218 180 0 0 0 0 0",
    ),
    "Delay_from_due_date": _histogram(
        "-5 0 5 10 15 18 24 31 46 63 68",
        "34 273 290 305 83 14 0 0 0 0",
        "0 14 194 179 95 215 265 38 0 0",
        "0 10 185 199 121 204 268 13 0 0",
        "0 8 221 186 124 252 189 20 0 0",
        "0 9 170 226 111 192 280 11 0 0",
        "0 24 182 189 107 236 249 11 0 0",
        "0 0 0 9 62 127 148 327 320 6",
        "0 0 0 9 50 124 137 311 360 9",
        "0 13 74 116 101 211 206 135 140 4",
        "32 127 244 198 50 163 185 0 0 0",
    ),
    "Num_of_Delayed_Payment": _histogram(
        "-3 0 5 8 9 13 15 18 21 23 26 29",
        "24 349 241 85 269 26 5 0 0 0 0",
        "0 0 16 40 292 220 228 148 55 0 0",
        "0 0 21 61 317 150 235 190 24 2 0",
        "0 0 33 82 273 173 205 216 18 1 0",
        "0 0 53 77 246 108 239 264 6 7 0",
        "0 0 34 58 294 119 253 217 13 10 0",
        "0 0 0 0 6 39 234 284 183 232 21",
        "0 0 0 0 2 27 235 269 180 253 34",
        "0 0 12 70 324 159 231 190 8 6 0",
        "28 381 230 81 255 15 6 0 2 0 0",
    ),
    "Changed_Credit_Limit": _histogram(
        "-7 0 3 6 7 8 10 12 16 20 24 30 33",
        "27 218 263 70 92 150 144 24 12 0 0 0",
        "0 4 0 20 49 127 132 364 284 19 0 0",
        "24 162 288 83 62 176 182 16 7 0 0 0",
        "30 212 214 64 108 202 122 38 9 0 0 0",
        "0 15 6 9 102 120 180 290 256 18 2 0",
        "0 7 11 2 60 137 157 252 328 35 11 0",
        "8 50 48 24 11 50 4 53 239 199 298 17",
        "28 202 217 70 86 179 59 87 64 4 2 0",
        "0 9 10 7 61 143 164 277 306 17 6 0",
        "41 187 264 88 75 152 157 28 7 0 0 0",
    ),
    "Num_Credit_Inquiries": _histogram(
        "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 18",
        "83 118 129 162 175 113 93 58 44 24 0 0 0 0 0 0 0",
        "0 0 1 13 59 109 125 189 103 143 114 72 48 22 0 0 0",
        "87 90 144 171 137 113 124 63 42 27 0 2 0 0 0 0 0",
        "104 95 104 150 223 131 85 67 32 9 0 0 0 0 0 0 0",
        "82 93 117 107 209 143 78 70 79 16 0 0 6 0 0 0 0",
        "0 0 0 0 87 113 141 164 206 90 89 53 35 22 0 0 0",
        "0 0 0 0 0 0 57 74 102 128 127 141 129 87 56 48 52",
        "0 0 0 0 0 0 52 81 108 105 141 140 147 85 72 35 33",
        "0 0 0 0 10 7 73 98 112 115 117 141 105 68 48 51 56",
        "63 143 145 161 112 136 81 91 38 29 0 0 0 0 0 0 0",
    ),
    "Outstanding_Debt": _histogram(
        "0 500 1000 1250 1500 2000 2600 3500 5001",
        "353 326 152 168 0 0 0 0",
        "330 359 177 133 0 0 0 0",
        "362 311 177 150 0 0 0 0",
        "393 350 130 127 0 0 0 0",
        "328 303 180 188 0 0 0 0",
        "218 218 125 180 117 126 16 0",
        "0 0 0 0 0 32 347 620",
        "0 0 0 183 334 434 49 0",
        "0 0 0 186 370 376 68 0",
        "281 353 195 171 0 0 0 0",
    ),
    "Credit_History_Months": _histogram(
        "8 36 61 72 108 144 180 192 216 252 300 350 405",
        "0 0 0 0 0 0 17 111 168 209 218 276",
        "0 0 0 52 83 85 2 214 195 138 91 139",
        "0 0 0 0 0 0 20 100 194 218 208 260",
        "0 0 0 0 0 0 20 108 146 238 226 262",
        "0 0 3 0 0 0 30 105 149 213 257 242",
        "0 0 21 229 168 203 90 110 179 0 0 0",
        "185 130 62 230 196 195 0 0 0 0 0 0",
        "0 0 17 170 212 199 68 131 202 0 0 0",
        "0 0 13 169 207 225 81 122 182 0 0 0",
        "0 0 0 0 0 0 44 100 145 221 185 303",
    ),
}
