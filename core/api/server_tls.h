// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/http_server.h"
#include "core/base/result.h"

#include <QtNetwork/QSslConfiguration>

namespace eventops::api {

/// What connections are encrypted with: TLS 1.2 or later, by the certificate and key of @p files. Refused: others may
/// read the key; InvalidConfig: no certificate or key, one that does not belong to the other, or an expired
/// certificate; NotFound. Thread: any.
Result<QSslConfiguration> readServerTls(const TlsFiles &files);

} // namespace eventops::api
