// SPDX-License-Identifier: MIT
#include "pipelines/sinks/qdrant/feature_vector.h"

#include "core/base/hash.h"

#include <cmath>
#include <string>

namespace eventops {
namespace {

constexpr std::size_t PieceBytes = 3;

bool isWordByte(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z');
}

/// Where a feature counts, and the sign with which it does, so that those that fall together cancel out on average.
void count(std::vector<float> &out, std::string_view feature)
{
    const std::uint64_t hash = hash64(feature);
    out[hash % out.size()] += (hash >> 63) != 0 ? 1.0F : -1.0F;
}

} // namespace

std::vector<float> featureVector(std::string_view text, std::size_t dimension)
{
    std::vector<float> out(dimension, 0.0F);
    std::string word;
    const auto end = [&] {
        if (!word.empty()) {
            count(out, "word " + word);
            const std::string bounded = '^' + word + '$';
            for (std::size_t i = 0; i + PieceBytes <= bounded.size(); ++i)
                count(out, std::string_view(bounded).substr(i, PieceBytes));
        }
        word.clear();
    };
    for (char c : text) {
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
        if (isWordByte(c))
            word += c;
        else
            end();
    }
    end();
    double squares = 0.0;
    for (const float x : out)
        squares += static_cast<double>(x) * x;
    if (squares == 0.0) {
        out[0] = 1.0F;
        return out;
    }
    const auto scale = static_cast<float>(1.0 / std::sqrt(squares));
    for (float &x : out)
        x *= scale;
    return out;
}

} // namespace eventops
