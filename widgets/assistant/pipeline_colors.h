// SPDX-License-Identifier: MIT
#pragma once

#include <QSyntaxHighlighter>

namespace eventops {

/// Colours of a pipeline's YAML: names and comments stand apart from values. Follows the theme. Thread: UI.
class PipelineColors final : public QSyntaxHighlighter
{
    Q_OBJECT

public:
    explicit PipelineColors(QTextDocument *document);

protected:
    void highlightBlock(const QString &text) override;
};

} // namespace eventops
