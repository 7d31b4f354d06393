// SPDX-License-Identifier: MIT
#include "core/api/server_tls.h"

#include "core/base/private_file.h"

#include <QtCore/QDateTime>
#include <QtCore/QFile>
#include <QtNetwork/QSslCertificate>
#include <QtNetwork/QSslKey>
#include <QtNetwork/QSslSocket>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <sys/stat.h>

namespace eventops::api {
namespace {

constexpr std::size_t KeyBytesMax = 64u << 10;
constexpr qint64 CertificateBytesMax = 1 << 20;

Error unfit(std::string message, const std::string &file, std::string remedy)
{
    return Error{Error::Code::InvalidConfig, std::move(message), {file, 0, 0}, std::move(remedy)};
}

template <auto Free>
struct FreeWith {
    template <typename T>
    void operator()(T *thing) const
    {
        Free(thing);
    }
};
using Bio = std::unique_ptr<BIO, FreeWith<&BIO_free>>;

Bio memoryOf(const std::string &text)
{
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// Nobody is there to be asked for a password.
int noPassword(char *, int, int, void *)
{
    return 0;
}

/// Whether the first certificate is for this key, and what is wrong otherwise.
Status checkPair(const std::string &certificates, const std::string &key, const TlsFiles &files)
{
    const Bio certificateBytes = memoryOf(certificates), keyBytes = memoryOf(key);
    const std::unique_ptr<X509, FreeWith<&X509_free>> certificate(
        PEM_read_bio_X509(certificateBytes.get(), nullptr, nullptr, nullptr));
    const std::unique_ptr<EVP_PKEY, FreeWith<&EVP_PKEY_free>> pair(
        PEM_read_bio_PrivateKey(keyBytes.get(), nullptr, noPassword, nullptr));
    if (certificate == nullptr)
        return unfit("the file holds no certificate in PEM", files.certificate,
                     "name the server's own certificate, with those between it and its authority behind it");
    if (pair == nullptr)
        return unfit("the file holds no key in PEM without a password", files.key,
                     "openssl pkey -in KEY -out PLAIN takes the password off");
    if (X509_check_private_key(certificate.get(), pair.get()) != 1)
        return unfit("the key does not belong to the certificate", files.key,
                     "name the key that the certificate in " + files.certificate + " was made for");
    return Ok{};
}

/// Another one whenever a file, or what a link leads to, was written or replaced.
std::string stampOf(const TlsFiles &files)
{
    std::string stamp;
    for (const std::string &path : {files.certificate, files.key}) {
        struct stat info = {};
        if (::stat(path.c_str(), &info) != 0)
            info = {};
        for (const std::int64_t part : {static_cast<std::int64_t>(info.st_ino), static_cast<std::int64_t>(info.st_size),
                                        static_cast<std::int64_t>(info.st_mode), std::int64_t{info.st_mtim.tv_sec},
                                        std::int64_t{info.st_mtim.tv_nsec}})
            stamp += std::to_string(part) + ' ';
    }
    return stamp;
}

} // namespace

Result<QSslConfiguration> readServerTls(const TlsFiles &files)
{
    if (!QSslSocket::supportsSsl())
        return Error{Error::Code::Unavailable, "Qt has no TLS on this machine", {}, "install Qt's TLS plug-in"};
    QFile file(QFile::decodeName(QByteArray::fromStdString(files.certificate)));
    if (!file.open(QIODevice::ReadOnly))
        return Error{Error::Code::NotFound,
                     "cannot read the certificate: " + file.errorString().toStdString(),
                     {files.certificate, 0, 0},
                     "name a PEM file"};
    const QByteArray certificates = file.read(CertificateBytesMax);
    const std::string key = EVENTOPS_TRY(readPrivateFile(files.key, KeyBytesMax, "the server's key"));
    EVENTOPS_TRY(checkPair(certificates.toStdString(), key, files));
    const QList<QSslCertificate> chain = QSslCertificate::fromData(certificates, QSsl::Pem);
    const QDateTime ends = chain.isEmpty() ? QDateTime() : chain.front().expiryDate();
    if (ends < QDateTime::currentDateTimeUtc())
        return unfit("the certificate ended at " + ends.toUTC().toString(Qt::ISODate).toStdString(), files.certificate,
                     "have it renewed");
    const QByteArray pem = QByteArray::fromStdString(key);
    QSslKey secret;
    for (const QSsl::KeyAlgorithm kind : {QSsl::Ec, QSsl::Rsa, QSsl::Dsa}) {
        if (secret.isNull())
            secret = QSslKey(pem, kind, QSsl::Pem, QSsl::PrivateKey);
    }
    if (secret.isNull())
        return unfit("the key is of a kind that Qt does not know", files.key, "use RSA or a NIST curve");
    QSslConfiguration tls = QSslConfiguration::defaultConfiguration();
    tls.setProtocol(QSsl::TlsV1_2OrLater);
    tls.setPeerVerifyMode(QSslSocket::VerifyNone); // who asks is known by a token
    tls.setLocalCertificateChain(chain);
    tls.setPrivateKey(secret);
    return tls;
}

Result<ServerTls> ServerTls::open(const TlsFiles &files)
{
    ServerTls tls(files, stampOf(files)); // before they are read: what is written meanwhile is read once more
    tls.m_current = EVENTOPS_TRY(readServerTls(files));
    return tls;
}

const QSslConfiguration &ServerTls::current()
{
    std::string stamp = stampOf(m_files);
    if (stamp == m_stamp)
        return m_current;
    m_stamp = std::move(stamp);
    auto fresh = readServerTls(m_files);
    m_trouble = fresh ? std::string() : fresh.error().text() + "; connections get the certificate of before";
    if (fresh)
        m_current = std::move(fresh).value();
    return m_current;
}

} // namespace eventops::api
