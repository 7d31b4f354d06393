// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Theme

// Why something is surprising: the sum, its terms as a bar, and for each what was seen against what was expected.
ColumnLayout {
    id: why
    property var terms: []
    property string sumText

    spacing: Theme.metric.space2

    RowLayout {
        spacing: Theme.metric.space2

        SectionTitle {
            text: qsTr("Why this is surprising")
            Layout.fillWidth: true
        }
        PlainText {
            text: qsTr("%1 bits").arg(why.sumText)
            font.weight: Font.DemiBold
        }
    }
    BitsBar {
        terms: why.terms
        Layout.fillWidth: true
    }
    Repeater {
        model: why.terms

        GridLayout {
            id: term
            required property var modelData
            required property int index

            columns: 3
            columnSpacing: Theme.metric.space2
            rowSpacing: Theme.metric.border * 2
            Layout.fillWidth: true

            Rectangle {
                Layout.preferredWidth: Theme.metric.space2
                Layout.preferredHeight: Theme.metric.space2
                radius: Theme.metric.border * 2
                color: Theme.color["series" + (term.index % 6 + 1)]
            }
            PlainText {
                text: term.modelData.name + "  "
                font.weight: Font.DemiBold
                font.pixelSize: Theme.font.small
                Layout.fillWidth: true
            }
            PlainText {
                text: term.modelData.bitsText
                font.pixelSize: Theme.font.small
                font.family: Theme.font.mono
            }
            Item {
                visible: term.modelData.observed !== ""
                Layout.preferredWidth: Theme.metric.space2
                Layout.preferredHeight: Theme.metric.border
            }
            PlainText {
                visible: term.modelData.observed !== "" // empty: another view of what the term before it tells
                text: qsTr("%1 seen, %2 expected").arg(term.modelData.observed).arg(term.modelData.expected)
                wrapMode: Text.Wrap
                maximumLineCount: 3
                Layout.fillWidth: true
                Layout.columnSpan: 2
            }
            Item { Layout.preferredWidth: Theme.metric.space2; Layout.preferredHeight: Theme.metric.border }
            MutedText {
                text: qsTr("%1 · %2 samples").arg(term.modelData.context).arg(term.modelData.samples)
                wrapMode: Text.Wrap
                maximumLineCount: 2
                Layout.fillWidth: true
                Layout.columnSpan: 2
            }
        }
    }
}
