// SPDX-License-Identifier: MIT
#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QJsonObject>
#include <QtCore/QJsonValue>
#include <QtCore/QString>

namespace eventops::test {

/// A JSON Schema (draft-07) with the keywords that the schemas in pipelines/schemas use: type, required, properties,
/// additionalProperties, const, enum, oneOf, minLength, minimum and the format date-time. A schema with any other
/// keyword is refused: a check that is left out must not pass for one that held.
class JsonSchema
{
public:
    /// Reads pipelines/schemas/<name>.schema.json of the sources.
    explicit JsonSchema(const QString &name);
    /// What is wrong with the schema itself; empty: nothing.
    QString error() const { return m_error; }
    /// Empty: the document is valid; else the first place where it is not, and why.
    QString check(const QByteArray &document) const;

private:
    QJsonObject m_schema;
    QString m_error;
};

/// What @p schema says against @p value; empty: nothing. @p where names the place in the document.
QString checkJson(const QJsonObject &schema, const QJsonValue &value, const QString &where);
/// The first keyword of @p schema, or of one within it, that checkJson does not know; empty: none.
QString unknownKeyword(const QJsonObject &schema);

} // namespace eventops::test
