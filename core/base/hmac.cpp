// SPDX-License-Identifier: MIT
#include "core/base/hmac.h"

#include <new>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace eventops {

std::string hmacSha256(std::string_view key, std::string_view bytes)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    const auto *const data = reinterpret_cast<const unsigned char *>(bytes.data());
    // Fails only without memory; a digest of nothing must not be taken for one.
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data, bytes.size(), digest, &size) == nullptr)
        throw std::bad_alloc();
    return std::string(reinterpret_cast<const char *>(digest), size);
}

bool equalsInConstantTime(std::string_view a, std::string_view b)
{
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace eventops
