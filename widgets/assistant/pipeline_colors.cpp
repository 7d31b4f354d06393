// SPDX-License-Identifier: MIT
#include "widgets/assistant/pipeline_colors.h"

#include "widgets/theme/theme.h"

#include <QRegularExpression>

namespace eventops {

PipelineColors::PipelineColors(QTextDocument *document) : QSyntaxHighlighter(document)
{
    connect(&Theme::instance(), &Theme::changed, this, &QSyntaxHighlighter::rehighlight);
}

void PipelineColors::highlightBlock(const QString &text)
{
    static const QRegularExpression name(QStringLiteral("(?:^\\s*(?:- )?|[{,]\\s*)([A-Za-z_][\\w.]*)(?=:(?:\\s|$))"));
    static const QRegularExpression comment(QStringLiteral("(?:^|\\s)#.*$"));
    for (auto found = name.globalMatch(text); found.hasNext();) {
        const QRegularExpressionMatch match = found.next();
        setFormat(static_cast<int>(match.capturedStart(1)), static_cast<int>(match.capturedLength(1)),
                  themeColor("accent"));
    }
    const QRegularExpressionMatch remark = comment.match(text);
    if (remark.hasMatch())
        setFormat(static_cast<int>(remark.capturedStart()), static_cast<int>(remark.capturedLength()),
                  themeColor("textMuted"));
}

} // namespace eventops
