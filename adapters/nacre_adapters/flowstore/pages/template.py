"""The one template of pages. It has no script, and no place where data is not escaped."""

TEMPLATE = """\
{% macro remarks(on) %}
{% for comment in on.comments %}
<p class="note">{{ comment.commenter }}: {{ comment.message }}</p>
{% endfor %}
{% endmacro %}
{% macro show(item) %}
{% set kind = item | kind %}
{% if kind == "row" %}
<div class="row">
{% for part, wide in item | ratios %}
<div style="flex: {{ wide }}">{{ show(part) }}</div>
{% endfor %}
</div>
{% elif kind == "column" %}
<div class="column">{% for part in item.items %}{{ show(part) }}{% endfor %}</div>
{% else %}
<div class="element {{ kind }}" id="{{ item.id }}">
{% if item.title and item.show_title %}<h4>{{ item.title }}</h4>{% endif %}
{% if item.description and item.show_description %}<p>{{ item.description }}</p>{% endif %}
{% if kind == "text" %}
<div class="words">{{ item.content }}</div>
{% elif kind == "table" %}
{% set shown = item | rows %}
<div class="wide"><table><thead>
<tr>{% for name in shown.columns %}<th>{{ name }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in shown.rows %}
<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>
<p class="note">{{ shown.shown }} of {{ shown.all }} rows</p>
{% elif kind in ("image", "plot") and item.content | picture %}
<img src="{{ item.content | picture }}" alt="{{ item.title }}">
{% elif kind == "plot" %}
{% set drawn = item.content | lines %}
{% if drawn %}
<svg viewBox="-4 -4 {{ width + 8 }} {{ height + 8 }}" role="img">
{% for line in drawn %}
<polyline fill="none" stroke="{{ line.ink }}" stroke-width="2" points="{{ line.points }}"/>
{% endfor %}
</svg>
<p class="note">
{% for line in drawn %}
<span style="color: {{ line.ink }}">{{ line.name }}</span>
{% endfor %}
</p>
{% else %}<p class="note">a figure that is not drawn here</p>{% endif %}
{% elif kind == "input" %}
<div class="value">{{ item | value }}</div>
{% endif %}
{{ remarks(item) }}
</div>
{% endif %}
{% endmacro %}
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{{ page.title }}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; color: #222; }
h1, h2, h3, h4 { line-height: 1.25; margin: 1rem 0 .4rem; }
.card { border: 1px solid #ddd; border-radius: 6px; padding: .4rem 1rem 1rem; margin: 1rem 0; }
.row { display: flex; gap: 1rem; }
.row > div { min-width: 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; }
th, td { border-bottom: 1px solid #e4e4e4; padding: .25rem .7rem; text-align: left; }
.words { white-space: pre-wrap; }
.value { border: 1px solid #bbb; border-radius: 4px; padding: .3rem .6rem; min-height: 1.5em; }
.note { color: #666; font-size: 13px; margin: .3rem 0; }
img, svg { max-width: 100%; }
</style>
</head>
<body>
<h1>{{ page.title }}</h1>
{% for section in page.sections %}
<section>
{% if section.title %}<h2>{{ section.title }}</h2>{% endif %}
{% if section.description %}<p>{{ section.description }}</p>{% endif %}
{% for card in section.cards %}
<div class="card" id="{{ card.id }}">
{% if card.title and card.show_title %}<h3>{{ card.title }}</h3>{% endif %}
{% if card.subtitle %}<p class="note">{{ card.subtitle }}</p>{% endif %}
{% if card.description and card.show_description %}<p>{{ card.description }}</p>{% endif %}
{% for item in card.filters %}{{ show(item) }}{% endfor %}
{% for item in card.content %}{{ show(item) }}{% endfor %}
{{ remarks(card) }}
</div>
{% endfor %}
</section>
{% endfor %}
</body>
</html>
"""
