// SPDX-License-Identifier: MIT
#include "pipelines/sources/capture/byte_stream.h"

#include <cerrno>
#include <cstring>
#include <optional>

#include <unistd.h>
#include <zstd.h>
#include <zstd_errors.h>

namespace eventops {
namespace {

class PlainStream final : public ByteStream
{
public:
    PlainStream(int fd, std::string title) : m_fd(fd), m_title(std::move(title)) {}

    Result<std::size_t> read(char *to, std::size_t size) override
    {
        for (;;) {
            const ssize_t got = ::read(m_fd, to, size);
            if (got >= 0)
                return static_cast<std::size_t>(got);
            if (errno != EINTR)
                return Error{Error::Code::Io, "cannot read " + m_title + ": " + std::strerror(errno)};
        }
    }

private:
    const int m_fd;
    const std::string m_title;
};

class ZstdStream final : public ByteStream
{
public:
    ZstdStream(int fd, std::string title, std::string begun, std::int64_t ratioMax)
        : m_title(title),
          m_ratioMax(static_cast<std::uint64_t>(ratioMax)),
          m_plain(fd, std::move(title)),
          m_context(ZSTD_createDCtx()),
          m_packed(std::move(begun)),
          m_packedBytes(m_packed.size())
    {
        ZSTD_DCtx_setParameter(m_context, ZSTD_d_windowLogMax, static_cast<int>(UnpackWindowLogMax));
        m_input = {m_packed.data(), m_packed.size(), 0};
    }
    ~ZstdStream() override { ZSTD_freeDCtx(m_context); }
    ZstdStream(const ZstdStream &) = delete;
    ZstdStream &operator=(const ZstdStream &) = delete;

    Result<std::size_t> read(char *to, std::size_t size) override
    {
        ZSTD_outBuffer out{to, size, 0};
        while (out.pos == 0 && !m_trouble) {
            if (m_input.pos == m_input.size && !m_flushing) {
                const std::size_t got = EVENTOPS_TRY(refill());
                if (got == 0)
                    return end();
            }
            const std::size_t wanted = ZSTD_decompressStream(m_context, &out, &m_input);
            if (ZSTD_isError(wanted) != 0)
                return fail(wanted);
            m_insideFrame = wanted != 0;
            m_flushing = out.pos == out.size; // there may be more in the context
            m_unpackedBytes += out.pos;
            if (m_unpackedBytes > UnpackFreeBytes && m_unpackedBytes / m_ratioMax > m_packedBytes)
                m_trouble =
                    Error{Error::Code::LimitExceeded,
                          m_title + " unpacks to more than " + std::to_string(m_ratioMax)
                              + " times its size: reading stopped as at a zstd bomb, what came before is stored",
                          {},
                          "if that is right, raise unpack_ratio_max of the source"};
        }
        return out.pos;
    }

    Status complete() const override { return m_trouble ? Status(*m_trouble) : Status(Ok{}); }

private:
    Result<std::size_t> refill()
    {
        m_packed.resize(ZSTD_DStreamInSize());
        const std::size_t got = EVENTOPS_TRY(m_plain.read(m_packed.data(), m_packed.size()));
        m_input = {m_packed.data(), got, 0};
        m_packedBytes += got;
        return got;
    }

    std::size_t end()
    {
        if (m_insideFrame)
            m_trouble = Error{Error::Code::Corrupt,
                              m_title + " ends within a zstd frame: it was cut off",
                              {},
                              "copy it again; what was whole is stored"};
        return 0;
    }

    std::size_t fail(std::size_t code)
    {
        if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge)
            m_trouble = Error{Error::Code::LimitExceeded,
                              m_title + " needs a zstd window of more than 128 MiB",
                              {},
                              "pack it again with: zstd --long=27"};
        else
            m_trouble = Error{Error::Code::Corrupt,
                              m_title + " is damaged: zstd: " + ZSTD_getErrorName(code) + " after "
                                  + std::to_string(m_unpackedBytes) + " bytes",
                              {},
                              "copy it again; what came before is stored"};
        return 0;
    }

    const std::string m_title;
    const std::uint64_t m_ratioMax;
    PlainStream m_plain;
    ZSTD_DCtx *m_context;
    std::string m_packed;
    ZSTD_inBuffer m_input{};
    std::uint64_t m_packedBytes, m_unpackedBytes = 0;
    bool m_insideFrame = false;
    bool m_flushing = false;
    std::optional<Error> m_trouble;
};

} // namespace

ByteStream::~ByteStream() = default;

std::unique_ptr<ByteStream> makePlainStream(int fd, std::string title)
{
    return std::make_unique<PlainStream>(fd, std::move(title));
}

std::unique_ptr<ByteStream> makeZstdStream(int fd, std::string title, std::string begun, std::int64_t ratioMax)
{
    return std::make_unique<ZstdStream>(fd, std::move(title), std::move(begun), ratioMax);
}

bool looksPacked(std::string_view head)
{
    return head.substr(0, PackedMagicBytes) == std::string_view("\x28\xB5\x2F\xFD", PackedMagicBytes);
}

std::uint64_t unpackedSize(std::string_view head)
{
    const unsigned long long size = ZSTD_getFrameContentSize(head.data(), head.size());
    return size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR ? 0 : size;
}

} // namespace eventops
