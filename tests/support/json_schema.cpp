// SPDX-License-Identifier: MIT
#include "tests/support/json_schema.h"

#include <QtCore/QDateTime>
#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QRegularExpression>
#include <QtCore/QSet>

namespace eventops::test {
namespace {

QString typeOf(const QJsonValue &value)
{
    switch (value.type()) {
    case QJsonValue::Null: return QStringLiteral("null");
    case QJsonValue::Bool: return QStringLiteral("boolean");
    case QJsonValue::Double: return QStringLiteral("number");
    case QJsonValue::String: return QStringLiteral("string");
    case QJsonValue::Array: return QStringLiteral("array");
    default: return QStringLiteral("object");
    }
}

/// `"type": "a"` or `"type": ["a", "b"]`.
bool typeFits(const QJsonValue &wanted, const QJsonValue &value)
{
    return wanted.isArray() ? wanted.toArray().contains(typeOf(value)) : wanted.toString() == typeOf(value);
}

/// RFC 3339, as draft-07 says: with a zone, which QDateTime alone does not ask for.
bool isDateTime(const QString &text)
{
    static const QRegularExpression Zone(QStringLiteral("^[^ ]+([Zz]|[+-][0-9]{2}:[0-9]{2})$"));
    return Zone.match(text).hasMatch() && QDateTime::fromString(text, Qt::ISODateWithMs).isValid();
}

QString checkScalar(const QJsonObject &schema, const QJsonValue &value, const QString &where)
{
    if (schema.contains(QLatin1String("type")) && !typeFits(schema.value(QLatin1String("type")), value))
        return where + QStringLiteral(" is of type ") + typeOf(value);
    if (schema.contains(QLatin1String("const")) && schema.value(QLatin1String("const")) != value)
        return where + QStringLiteral(" is not the constant");
    if (schema.contains(QLatin1String("enum")) && !schema.value(QLatin1String("enum")).toArray().contains(value))
        return where + QStringLiteral(" is none of the enumerated");
    if (value.isString() && value.toString().size() < schema.value(QLatin1String("minLength")).toInt(0))
        return where + QStringLiteral(" is too short");
    if (value.isDouble() && value.toDouble() < schema.value(QLatin1String("minimum")).toDouble(value.toDouble()))
        return where + QStringLiteral(" is too small");
    if (value.isString() && schema.contains(QLatin1String("format")) && !isDateTime(value.toString()))
        return where + QStringLiteral(" is no date-time");
    return {};
}

QString checkMembers(const QJsonObject &schema, const QJsonObject &object, const QString &where)
{
    for (const QJsonValue &name : schema.value(QLatin1String("required")).toArray()) {
        if (!object.contains(name.toString()))
            return where + QLatin1Char('.') + name.toString() + QStringLiteral(" is missing");
    }
    const QJsonObject properties = schema.value(QLatin1String("properties")).toObject();
    for (auto it = object.begin(); it != object.end(); ++it) {
        const QString place = where + QLatin1Char('.') + it.key();
        if (properties.contains(it.key())) {
            const QString wrong = checkJson(properties.value(it.key()).toObject(), it.value(), place);
            if (!wrong.isEmpty())
                return wrong;
        } else if (schema.value(QLatin1String("additionalProperties")) == QJsonValue(false)) {
            return place + QStringLiteral(" is not foreseen");
        }
    }
    return {};
}

} // namespace

QString checkJson(const QJsonObject &schema, const QJsonValue &value, const QString &where)
{
    QString wrong = checkScalar(schema, value, where);
    if (wrong.isEmpty() && value.isObject())
        wrong = checkMembers(schema, value.toObject(), where);
    if (!wrong.isEmpty() || !schema.contains(QLatin1String("oneOf")))
        return wrong;
    int fits = 0;
    for (const QJsonValue &choice : schema.value(QLatin1String("oneOf")).toArray()) {
        const QString against = checkJson(choice.toObject(), value, where);
        fits += against.isEmpty() ? 1 : 0;
        wrong = wrong.isEmpty() ? against : wrong;
    }
    return fits == 1 ? QString() : where + QStringLiteral(" fits %1 of the choices; ").arg(fits) + wrong;
}

QString unknownKeyword(const QJsonObject &schema)
{
    static const QSet<QString> Known{
        QStringLiteral("$schema"),    QStringLiteral("title"),      QStringLiteral("type"),
        QStringLiteral("required"),   QStringLiteral("properties"), QStringLiteral("additionalProperties"),
        QStringLiteral("const"),      QStringLiteral("enum"),       QStringLiteral("oneOf"),
        QStringLiteral("minLength"),  QStringLiteral("minimum"),    QStringLiteral("format")};
    for (const QString &keyword : schema.keys()) {
        if (!Known.contains(keyword))
            return keyword;
    }
    if (schema.value(QLatin1String("format")).toString(QStringLiteral("date-time")) != QLatin1String("date-time"))
        return QStringLiteral("format");
    QList<QJsonObject> within;
    for (const QJsonValue &property : schema.value(QLatin1String("properties")).toObject())
        within << property.toObject();
    for (const QJsonValue &choice : schema.value(QLatin1String("oneOf")).toArray())
        within << choice.toObject();
    for (const QJsonObject &each : within) {
        const QString unknown = unknownKeyword(each);
        if (!unknown.isEmpty())
            return unknown;
    }
    return {};
}

JsonSchema::JsonSchema(const QString &name)
{
    QFile file(QStringLiteral(EVENTOPS_SOURCE_DIR "/pipelines/schemas/%1.schema.json").arg(name));
    QJsonParseError parsed;
    if (file.open(QIODevice::ReadOnly))
        m_schema = QJsonDocument::fromJson(file.readAll(), &parsed).object();
    if (m_schema.isEmpty())
        m_error = file.fileName() + QStringLiteral(" is no JSON object");
    else if (const QString unknown = unknownKeyword(m_schema); !unknown.isEmpty())
        m_error = file.fileName() + QStringLiteral(": unknown keyword ") + unknown;
}

QString JsonSchema::check(const QByteArray &document) const
{
    if (!m_error.isEmpty())
        return m_error;
    QJsonParseError parsed;
    const QJsonDocument json = QJsonDocument::fromJson(document, &parsed);
    if (parsed.error != QJsonParseError::NoError)
        return parsed.errorString();
    return checkJson(m_schema, json.isObject() ? QJsonValue(json.object()) : QJsonValue(json.array()),
                     QStringLiteral("document"));
}

} // namespace eventops::test
