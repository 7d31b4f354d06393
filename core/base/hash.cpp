// SPDX-License-Identifier: MIT
#include "core/base/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <xxhash.h>

#include <cassert>
#include <cstdlib>
#include <new>

namespace eventops {
namespace {

/// libcrypto 3.0 uses locks that it got no memory for. As operator new does: the handler is asked before giving up.
void *allocated(void *memory)
{
    if (memory == nullptr && std::get_new_handler() != nullptr)
        std::get_new_handler()();
    return memory;
}

void *allocate(std::size_t size, const char *, int)
{
    return size == 0 ? nullptr : allocated(std::malloc(size));
}

void *reallocate(void *memory, std::size_t size, const char *, int)
{
    if (size > 0)
        return allocated(std::realloc(memory, size));
    std::free(memory);
    return nullptr;
}

void release(void *memory, const char *, int)
{
    std::free(memory);
}

} // namespace

std::uint64_t hash64(std::string_view bytes)
{
    return XXH3_64bits(bytes.data(), bytes.size());
}

struct StreamHash64::State {
    XXH3_state_t *xxh = XXH3_createState();
    ~State() { XXH3_freeState(xxh); }
};

StreamHash64::StreamHash64() : m_state(std::make_unique<State>())
{
    if (m_state->xxh == nullptr)
        throw std::bad_alloc();
    XXH3_64bits_reset(m_state->xxh);
}

StreamHash64::~StreamHash64() = default;
StreamHash64::StreamHash64(StreamHash64 &&) noexcept = default;
StreamHash64 &StreamHash64::operator=(StreamHash64 &&) noexcept = default;

void StreamHash64::update(std::string_view bytes)
{
    XXH3_64bits_update(m_state->xxh, bytes.data(), bytes.size());
}

std::uint64_t StreamHash64::digest() const
{
    return XXH3_64bits_digest(m_state->xxh);
}

Sha256::Sha256()
{
    // Refused when libcrypto has memory already; then it is past the point where it cannot do without.
    [[maybe_unused]] static const int hooked = CRYPTO_set_mem_functions(allocate, reallocate, release);
    // Looked up by EVP_sha256() it is looked up again for each digest, which takes longer than a short one does.
    static EVP_MD *const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    m_context = EVP_MD_CTX_new();
    if (m_context == nullptr)
        throw std::bad_alloc();
    // Fails only without memory; a digest of nothing must not be taken for one.
    if (EVP_DigestInit_ex(static_cast<EVP_MD_CTX *>(m_context), fetched != nullptr ? fetched : EVP_sha256(), nullptr)
        != 1) {
        EVP_MD_CTX_free(static_cast<EVP_MD_CTX *>(m_context));
        throw std::bad_alloc();
    }
}

Sha256::~Sha256()
{
    EVP_MD_CTX_free(static_cast<EVP_MD_CTX *>(m_context));
}

void Sha256::update(std::string_view bytes)
{
    if (EVP_DigestUpdate(static_cast<EVP_MD_CTX *>(m_context), bytes.data(), bytes.size()) != 1)
        throw std::bad_alloc();
}

std::string Sha256::hex()
{
    unsigned char digest[32];
    unsigned int length = 0;
    if (EVP_DigestFinal_ex(static_cast<EVP_MD_CTX *>(m_context), digest, &length) != 1)
        throw std::bad_alloc();
    assert(length == sizeof digest);
    constexpr char Digits[] = "0123456789abcdef";
    std::string out;
    out.reserve(64);
    for (const unsigned char byte : digest) {
        out += Digits[byte >> 4];
        out += Digits[byte & 15];
    }
    return out;
}

std::string sha256Hex(std::string_view bytes)
{
    Sha256 sha;
    sha.update(bytes);
    return sha.hex();
}

} // namespace eventops
