// SPDX-License-Identifier: MIT
#include "core/base/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace eventops {
namespace {

/// zlib's stream, ended with it.
class Inflater
{
public:
    Inflater() { m_good = inflateInit2(&m_stream, 16 + MAX_WBITS) == Z_OK; }
    ~Inflater() { inflateEnd(&m_stream); }
    Inflater(const Inflater &) = delete;
    Inflater &operator=(const Inflater &) = delete;
    bool good() const { return m_good; }
    z_stream &stream() { return m_stream; }

private:
    z_stream m_stream{};
    bool m_good = false;
};

Error damaged(const char *why)
{
    return {Error::Code::InvalidInput, std::string("it is no gzip: ") + why, {}, "send it again"};
}

} // namespace

Result<std::string> gunzip(std::string_view packed, std::size_t bytesMax)
{
    Inflater inflater;
    if (!inflater.good() || packed.size() > std::numeric_limits<uInt>::max())
        return Error{Error::Code::LimitExceeded, "there is no memory to unpack it", {}, {}};
    z_stream &stream = inflater.stream();
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(packed.data())); // zlib reads only
    stream.avail_in = static_cast<uInt>(packed.size());
    std::string out;
    for (;;) {
        const std::size_t have = out.size();
        if (have > bytesMax)
            return Error{Error::Code::LimitExceeded,
                         "it unpacks to more than " + std::to_string(bytesMax) + " bytes",
                         {},
                         "send it in parts"};
        const std::size_t room = std::min<std::size_t>(std::max<std::size_t>(have, 64u << 10), bytesMax + 1 - have);
        out.resize(have + room);
        stream.next_out = reinterpret_cast<Bytef *>(out.data() + have);
        stream.avail_out = static_cast<uInt>(room);
        const int state = inflate(&stream, Z_NO_FLUSH);
        out.resize(have + room - stream.avail_out);
        if (state == Z_STREAM_END) {
            if (stream.avail_in == 0)
                break;
            inflateReset(&stream); // another member
        } else if (state != Z_OK) {
            return damaged(state == Z_BUF_ERROR ? "it was cut off" : stream.msg != nullptr ? stream.msg : "damaged");
        } else if (stream.avail_in == 0 && stream.avail_out != 0) {
            return damaged("it was cut off");
        }
    }
    if (out.size() > bytesMax)
        return Error{Error::Code::LimitExceeded,
                     "it unpacks to more than " + std::to_string(bytesMax) + " bytes",
                     {},
                     "send it in parts"};
    return out;
}

} // namespace eventops
