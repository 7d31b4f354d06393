// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Theme

// Every text of every view: never markup, whatever it holds.
Text {
    textFormat: Text.PlainText
    color: Theme.color.text
    font.family: Theme.font.family
    font.pixelSize: Theme.font.body
    elide: Text.ElideRight
}
