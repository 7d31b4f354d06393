// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Models
import EventOps.Theme

// One finding: what, where, when and how surprising; the current one says why, too.
Card {
    id: card
    required property int index
    required property int severity
    required property int condition
    required property string conditionName
    required property string originName
    required property string headline
    required property string target
    required property string name
    required property string time
    required property string since
    required property string age
    required property string bitsText
    required property var terms
    required property int evidenceCount
    required property int repeats
    required property string suggestedCommand
    required property string suggestionState
    required property bool suggestionWaits
    required property string resolvedAt
    required property string lasted
    readonly property bool isResolved: condition === FindingsModel.Resolved
    signal activated()
    required property FeedbackController feedback
    signal suggestionWanted()
    signal taught()

    isCurrent: ListView.isCurrentItem
    isHovered: hover.hovered
    edge: isResolved ? Theme.color.borderStrong : Theme.color[Theme.severityToken(severity)]
    height: content.implicitHeight + 2 * Theme.metric.space3
    Accessible.role: Accessible.ListItem
    Accessible.name: Theme.severityName(severity) + ": " + headline

    HoverHandler { id: hover }
    TapHandler { onTapped: card.activated() }

    RowLayout {
        id: content
        spacing: Theme.metric.space2
        anchors {
            left: parent.left
            right: parent.right
            top: parent.top
            margins: Theme.metric.space3
            leftMargin: Theme.metric.space4
        }

        SeverityMark {
            severity: card.severity
            isQuiet: card.isResolved
            Layout.alignment: Qt.AlignTop
            Layout.topMargin: Theme.metric.border
        }
        ColumnLayout {
            spacing: Theme.metric.space2
            Layout.fillWidth: true

            PlainText {
                text: card.headline
                color: card.isResolved && !card.isCurrent ? Theme.color.textMuted : Theme.color.text
                font.weight: card.isCurrent ? Font.DemiBold : Font.Normal
                wrapMode: Text.Wrap
                maximumLineCount: card.isCurrent ? 6 : 2
                Layout.fillWidth: true
            }
            RowLayout {
                spacing: Theme.metric.space2
                Layout.fillWidth: true

                MutedText {
                    text: card.target
                    Layout.fillWidth: true
                }
                MutedText { text: card.time }
            }
            Flow {
                id: chips
                visible: card.isCurrent || card.isResolved || card.suggestionWaits || card.repeats > 1
                    || card.bitsText !== ""
                spacing: Theme.metric.space1
                Layout.fillWidth: true

                Chip {
                    text: qsTr("%1 bits").arg(card.bitsText)
                    icon: "activity"
                    visible: card.bitsText !== "" && !card.isCurrent // there the terms say it
                }
                Chip {
                    text: card.lasted !== "" ? qsTr("resolved after %1").arg(card.lasted) : card.conditionName
                    icon: card.isResolved ? "check" : ""
                    tint: card.isResolved ? Theme.color.positive : Theme.color.textMuted
                    visible: card.condition !== FindingsModel.Firing
                }
                Chip {
                    text: qsTr("%1 times since %2").arg(card.repeats).arg(card.since)
                    visible: card.repeats > 1
                }
                Chip {
                    text: card.originName
                    visible: card.isCurrent
                }
                Chip {
                    widthMax: chips.width
                    text: card.suggestionWaits ? qsTr("%1 waits").arg(card.suggestedCommand)
                                               : card.suggestedCommand + ": " + card.suggestionState
                    icon: card.suggestionWaits ? "arrow-right" : ""
                    tint: card.suggestionWaits ? Theme.color.accent : Theme.color.textMuted
                    visible: card.suggestedCommand !== "" && !card.isCurrent
                }
            }
            Loader {
                active: card.isCurrent
                visible: active
                Layout.fillWidth: true
                sourceComponent: FindingDetail { finding: card }
            }
        }
    }
}
