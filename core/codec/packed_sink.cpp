// SPDX-License-Identifier: MIT
#include "core/codec/packed_sink.h"

#include <string>

#include <zstd.h>

namespace eventops {
namespace {

constexpr int PackLevel = 3;

} // namespace

struct PackedSink::State {
    std::function<Status(std::string_view)> to;
    ZSTD_CCtx *context = ZSTD_createCCtx();
    std::string out = std::string(ZSTD_CStreamOutSize(), '\0');
    ~State() { ZSTD_freeCCtx(context); }
};

PackedSink::PackedSink(std::function<Status(std::string_view)> to) : m_state(std::make_unique<State>())
{
    m_state->to = std::move(to);
    ZSTD_CCtx_setParameter(m_state->context, ZSTD_c_compressionLevel, PackLevel);
    ZSTD_CCtx_setParameter(m_state->context, ZSTD_c_checksumFlag, 1);
}

PackedSink::~PackedSink() = default;

Status PackedSink::write(std::string_view bytes)
{
    return push(bytes, false);
}

Status PackedSink::finish()
{
    return push({}, true);
}

Status PackedSink::push(std::string_view bytes, bool end)
{
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (;;) {
        ZSTD_outBuffer out{m_state->out.data(), m_state->out.size(), 0};
        const std::size_t left =
            ZSTD_compressStream2(m_state->context, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left) != 0)
            return Error{Error::Code::LimitExceeded, std::string("zstd: ") + ZSTD_getErrorName(left)};
        if (out.pos > 0)
            EVENTOPS_TRY(m_state->to(std::string_view(m_state->out).substr(0, out.pos)));
        if (end ? left == 0 : in.pos == in.size)
            return Ok{};
    }
}

} // namespace eventops
