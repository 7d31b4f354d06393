// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace eventops {

/// A text as a point: its words and their three-letter pieces, hashed into @p dimension signed counts (K. Weinberger,
/// A. Dasgupta, J. Langford, A. Smola, J. Attenberg: Feature Hashing for Large Scale Multitask Learning, ICML 2009) and
/// scaled to length 1. Texts that share words or spellings lie near each other by the cosine. It knows nothing of what
/// words mean: it is no embedding of a language model. ASCII case does not count. A text without a word is the first
/// axis. The same text gives the same point on every machine. Thread: any. O(length + dimension).
std::vector<float> featureVector(std::string_view text, std::size_t dimension);

} // namespace eventops
