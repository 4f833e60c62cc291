"""
Invented names, as a class list really has them.

First and last names are drawn from one tradition at a time, so that they go together. Nobody
here exists; where a name is somebody's, it is by chance.
"""
# ruff: noqa: RUF001  (letters that look like Latin ones are what this file is about)

import itertools
import random
from collections.abc import Iterator
from typing import NamedTuple

_MIDDLE_SHARE = 0.15
_CALLED_SHARE = 0.6  # of those who have a shorter name to be called by


class Name(NamedTuple):
    """What a person is called."""

    first: str
    last: str
    middle: str = ""
    preferred: str = ""


class _Tradition(NamedTuple):
    weight: int
    firsts: list[str]
    lasts: list[str]


def _tradition(weight: int, firsts: str, lasts: str) -> _Tradition:
    return _Tradition(weight, firsts.split(", "), lasts.split(", "))


# Each district has these, whatever is drawn: what forms, sorting and layouts stumble over.
REMARKABLE = (
    Name("Wulandari", ""),  # one name is all there is
    Name("Maximiliana", "Papadimitrakopoulou-Featherstonhaugh", "Theodora Evangeline"),
    Name("Jo", "Ng"),
    Name("Friedrich-Leopold", "von und zu Altenbrunn-Sassenhof", preferred="Fritz"),
    Name("Séarlait", "Ní Dhuibhne-O'Shaughnessy"),
    Name("عبد الرحمن", "الخطيب"),
    Name("נועה", "בן־שחר"),
    Name("Keolamālamalama", "Kaʻōpūlani", preferred="Keola"),
    Name("Sigríður", "Þorvaldsdóttir"),
    Name("Zoë", "D’Aurelio-Brontsema"),
)

_TRADITIONS = (
    _tradition(
        9,
        "Emma, Liam, Olivia, Noah, Ava, Ethan, Mia, Lucas, Harper, Mason, Ella, Logan, Chloe, "
        "Owen, Grace, Caleb, Hannah, Wyatt, Nora, Eli, Ruby, Theodore, Elizabeth, Benjamin, "
        "Katherine, Nathaniel, Abigail, Samuel, Alexandra, Zachary",
        "Whitcomb, Harlow, Brandt, Pruitt, Ashdown, Kessler, Tolliver, Ridgeway, Larkin, "
        "Hollis, Vandermeer, Merriweather, Stroud, Beckett, Lindqvist, Farrow, Hutchins, "
        "Mayfield, Oakes, Thornbury, Birch-Holloway, Winslow, Coates, Draper, Ellery, Fenwick",
    ),
    _tradition(
        7,
        "José, Sofía, Mateo, Valentina, Ángel, Camila, Andrés, Lucía, Joaquín, Ximena, Iván, "
        "Renata, Tomás, Inés, Guadalupe, Francisco, María José, Emilio, Belén, Raúl",
        "Muñoz, Ibáñez Rojas, Peña, Quiñones, Zúñiga, Cordero Luna, Villaseñor, Escárcega, "
        "Núñez, Baltazar, Carrizales, de la Vega, Olivares, Santibáñez, Urrutia, Treviño",
    ),
    _tradition(
        3,
        "DeShawn, Imani, Malik, Aaliyah, Jamal, Nia, Tyrone, Zaria, Marquis, Ebony, Darius, "
        "Kiara, Isaiah, Ja'Nae, Terrell, Monique",
        "Gaines, Booker, Rollins, Pettigrew, Bracey, Calloway, Dupree, Hairston, Mosley, "
        "Tubbs, Witherspoon-Gray, Lyles, Sykes",
    ),
    _tradition(
        2,
        "Seán, Aoife, Ciarán, Niamh, Pádraig, Siobhán, Eoin, Róisín, Declan, Maeve",
        "O'Halloran, O'Mara, Mac Giolla, McElwee, Fitzgibbon, O'Dowd, Ó Briain, Kilbride",
    ),
    _tradition(
        2,
        "Chloé, Théo, Zoé, Léa, Maëlys, Gaël, Noémie, Anaïs, Rémi, Jean-Luc, Marie-Ève",
        "Lefèvre, d'Arbois, Beauséjour, Saint-Cyr, Thériault, Gagné, L'Écuyer, Désormeaux",
    ),
    _tradition(
        1,
        "Jürgen, Käthe, Lukas, Frieda, Matthäus, Annika, Jörg",
        "Müller-Haas, Weiß, Größl, Schönfeld, Krüger, Vogelsang",
    ),
    _tradition(
        1,
        "Søren, Åsa, Bjørn, Linnéa, Håkon, Frøya",
        "Jørgensen, Ångström-Falk, Lindström, Björklund, Sæther",
    ),
    _tradition(
        1,
        "Łukasz, Zuzanna, Wojciech, Małgorzata, Jędrzej",
        "Wiśniak, Gołąb, Brzęczek, Żuraw, Ślęzak",
    ),
    _tradition(
        1,
        "Jiří, Božena, Kateřina, Ondřej, Šárka",
        "Krejčí, Petrů, Kočí, Hořejší, Jirků",
    ),
    _tradition(
        1,
        "Ágnes, László, Győző, Nikola, Mirjana, Željko",
        "Szőlősi, Gerendás, Kővári, Kovačević, Đurić, Šimić",
    ),
    _tradition(
        3,
        "Anh, Bảo, Đức, Linh, Minh Châu, Ngọc, Phương, Quân, Thảo, Tuấn, Vy, Xuân",
        "Nguyễn, Trần, Lê, Phạm, Đặng, Huỳnh, Võ, Bùi, Đỗ",
    ),
    _tradition(
        2,
        "Xiaoyu, Haoran, Yichen, Meiling, Zihan, Jiaqi, Wenjie, Ruolan",
        "Zhang, Ouyang, Lü, Xu, Kwok, Hsieh",
    ),
    _tradition(1, "思妍, 子轩, 雨桐, 浩然", "陈, 欧阳, 林, 司徒"),
    _tradition(
        1, "Min-jun, Seo-yeon, Ji-ho, Ha-eun, 서준, 하윤", "Kang, Noh, Seong, 남궁, 황보"
    ),
    _tradition(
        1,
        "Haruto, Sakura, Yūto, Aoi, 美咲, 蓮",
        "Fujimori, Ōhashi, Kurosawa-Hale, 小野寺, 五十嵐",
    ),
    _tradition(
        3,
        "Aarav, Priya, Rohan, Ananya, Vikram, Diya, Karthik, Meera, Harpreet, Lakshmi, "
        "Siddharth, Ishani, Venkata Subrahmanya",
        "Raghunathan, Deshpande, Bandekar, Subramanian, Grewal-Sohi, Kulkarni-Joshi, Iyengar, "
        "Venkataraghavan, Mehrotra, Kaur Sandhu, Pillai",
    ),
    _tradition(
        2,
        "Adaeze, Chukwuemeka, Ọlámidé, Fẹ́mi, Ngozi, Kwabena, Akosua, Abdirahman, Hodan, "
        "Tesfaye, Selamawit, Thandiwe, Oluwaseun",
        "Okparaji-Bassey, Adébáyọ̀, Nwachukwu, Owusu, Mensah-Darko, Warsame, Gebremariam, "
        "Dlamini, Abdullahi, Ọ̀ṣúndáre",
    ),
    _tradition(
        2,
        "محمد, فاطمة, ليلى, يوسف, مريم, عمر, زينب, خالد, نور, حسن",
        "الحداد, النجار, منصور, الصباغ, العطار, حمدان, الزين, شاهين",
    ),
    _tradition(
        1,
        "יעל, איתן, תמר, נועם, שירה, אורי, מאיה, יונתן",
        "לוינסון, אלמוג, בן־דרור, שקד, הררי, גולן, ברקת",
    ),
    _tradition(
        2,
        "Yasemin, Çağlar, Şeyma, Emre, Gülşah, İlker, Parisa, Kamran, Shirin, Tariq, Samira",
        "Yıldızoğlu, Şimşekçi, Özgür, Çelebi, al-Rashidi, El-Masri, Tehranchi, Haidari",
    ),
    _tradition(
        1, "Олена, Тарас, Марія, Богдан, Ірина", "Гончаренко, Левчук, Мельничук, Дяченко"
    ),
    _tradition(1, "Νίκος, Γιάννης, Θανάσης", "Καραγιάννης, Οικονομίδης, Χατζής"),
    _tradition(
        1,
        "Leilani, Kaimana, Tāne, Mele, Winona, Chayton, Aponi, Sefina",
        "Kahanaʻoi, Nākoa, Te Aroha, Tuimavave, Bluecloud, Running Deer, Yellowfeather",
    ),
)

_CALLED = {
    "Alexandra": "Lexi",
    "Abdirahman": "Abdi",
    "Benjamin": "Ben",
    "Chukwuemeka": "Emeka",
    "Elizabeth": "Beth",
    "Francisco": "Paco",
    "Guadalupe": "Lupe",
    "Haoran": "Henry",
    "Katherine": "Kit",
    "Małgorzata": "Gosia",
    "María José": "Majo",
    "Nathaniel": "Nate",
    "Oluwaseun": "Seun",
    "Samuel": "Sam",
    "Siddharth": "Sid",
    "Theodore": "Teddy",
    "Venkata Subrahmanya": "Venkat",
    "Xiaoyu": "Cindy",
    "Zachary": "Zack",
}


def names(rng: random.Random, count: int) -> list[Name]:
    """Return that many different names in no order, the remarkable ones among them."""
    drawn = list(itertools.islice(_different(rng), count - len(REMARKABLE)))
    together = [*REMARKABLE, *drawn]
    rng.shuffle(together)
    return together


def _different(rng: random.Random) -> Iterator[Name]:
    seen: set[tuple[str, str]] = set()
    while True:
        name = _draw(rng)
        if (name.first, name.last) not in seen:
            seen.add((name.first, name.last))
            yield name


def _draw(rng: random.Random) -> Name:
    (tradition,) = rng.choices(_TRADITIONS, [each.weight for each in _TRADITIONS])
    first, middle = rng.sample(tradition.firsts, 2)
    preferred = _CALLED.get(first, "") if rng.random() < _CALLED_SHARE else ""
    return Name(
        first,
        rng.choice(tradition.lasts),
        middle if rng.random() < _MIDDLE_SHARE else "",
        preferred,
    )
