// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Theme

// One dead letter, its first bytes as text, and the command that reads it again.
Card {
    id: card
    required property int index
    required property string reason
    required property string detail
    required property string source
    required property string position
    required property string size
    required property string preview
    required property bool waiting
    required property string trouble
    required property bool busy
    property var letters

    implicitHeight: content.implicitHeight + 2 * Theme.metric.space3

    ColumnLayout {
        id: content
        spacing: Theme.metric.space2
        anchors {
            left: parent.left
            right: parent.right
            top: parent.top
            margins: Theme.metric.space3
        }

        RowLayout {
            spacing: Theme.metric.space2
            Layout.fillWidth: true

            ColumnLayout {
                spacing: Theme.metric.border * 2
                Layout.fillWidth: true

                PlainText {
                    text: card.reason
                    font.weight: Font.DemiBold
                    Layout.fillWidth: true
                }
                MutedText {
                    text: qsTr("%1, byte %2, %3").arg(card.source).arg(card.position).arg(card.size)
                    Layout.fillWidth: true
                }
            }
            ActionButton {
                objectName: "readAgain"
                visible: card.waiting
                text: card.busy ? qsTr("Reading …") : qsTr("Read again")
                iconName: "refresh-cw"
                enabled: !card.busy
                onClicked: card.letters.redrive(card.index)
            }
            Chip {
                visible: !card.waiting
                text: qsTr("redriven")
                icon: "check"
                tint: Theme.color.positive
            }
        }
        PlainText {
            visible: text !== ""
            text: card.detail
            wrapMode: Text.Wrap
            maximumLineCount: 3
            Layout.fillWidth: true
        }
        MonoText {
            text: card.preview
            maximumLineCount: 3
            color: Theme.color.textMuted
            Layout.fillWidth: true
        }
        PlainText {
            visible: text !== ""
            text: card.trouble
            color: Theme.color.severityError
            wrapMode: Text.Wrap
            maximumLineCount: 4
            Layout.fillWidth: true
        }
        RowLayout {
            visible: card.trouble !== "" && card.waiting
            spacing: Theme.metric.space2
            Layout.fillWidth: true

            MutedText {
                text: qsTr("The pipeline's format will not do. Read it as:")
                wrapMode: Text.Wrap
                Layout.fillWidth: true
            }
            Repeater {
                model: ["text", "json"]

                ActionButton {
                    required property string modelData
                    objectName: "readAs-" + modelData
                    text: modelData
                    enabled: !card.busy
                    onClicked: card.letters.redrive(card.index, modelData)
                }
            }
        }
    }
}
