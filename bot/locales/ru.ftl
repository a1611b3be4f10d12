# Everything that the bot itself says in Russian. Telegram's HTML is allowed; what is filled in is escaped by the code.
# The bot says «вы», warmly and without officialese, and avoids forms that give it or the person a gender.

# The first conversation
welcome =
    Привет! 👋 Давайте познакомимся.

    На каком языке вам удобнее общаться?
language-russian = Русский
language-english = English
language-chosen = Говорим по-русски 🙂
ask-name = Как мне к вам обращаться?
ask-name-again = Так как же мне к вам обращаться?
name-other = Другое имя
type-name = Напишите, пожалуйста, имя — следующее сообщение я запомню как ваше имя.
name-chosen = Буду обращаться к вам так: <b>{ $name }</b> 🙂
name-invalid = Кажется, это не похоже на имя. Напишите, пожалуйста, покороче — до 64 знаков, одной строкой.
nice-to-meet =
    Приятно познакомиться, <b>{ $name }</b>! 💛

    Пишите о чём угодно: я слушаю и запоминаю то, что для вас важно. Если что-то понадобится — есть /help.
greeting = С возвращением, <b>{ $name }</b>! 💛 О чём поговорим?
greeting-unnamed = С возвращением! 💛 О чём поговорим?

# Commands
help =
    Со мной можно просто разговаривать: пишите как другу.

    /profile — что я о вас знаю
    /memory — что я помню: посмотреть, исправить, забыть
    /relationship — насколько мы близки
    /status — тариф и сколько сообщений осталось на сегодня
    /reset — начать разговор заново (память останется)
    /start — познакомиться
    /premium — всего побольше
    /paysupport — если что-то не так с оплатой
    /help — эта подсказка
unknown-command = Такой команды я не знаю 🙈 Все команды есть в /help, а лучше просто напишите словами.
command-start = Познакомиться
command-help = Что я умею
command-profile = Что я о вас знаю
command-memory = Что я помню
command-relationship = Насколько мы близки
command-status = Тариф и остаток сообщений
command-reset = Начать разговор заново

profile-title = <b>Вот что я о вас знаю</b>
profile-empty = Пока я почти ничего о вас не знаю. Расскажите немного о себе — мне интересно 🙂
profile-name = Имя: { $value }
profile-gender = Пол: { $value }
profile-birthday = День рождения: { $value }
profile-occupation = Занятие: { $value }
profile-city = Город: { $value }
profile-language = Язык: { $value }
profile-time-zone = Часовой пояс: { $value }
gender-male = мужской
gender-female = женский
# $day is a number, $month is 1 to 12, $year is text.
date = { $day } { $month ->
        [1] января
        [2] февраля
        [3] марта
        [4] апреля
        [5] мая
        [6] июня
        [7] июля
        [8] августа
        [9] сентября
        [10] октября
        [11] ноября
       *[12] декабря
    } { $year } г.

status-plan-free = Тариф: <b>бесплатный</b>
status-plan-premium = Тариф: <b>премиум</b> ⭐
status-plan-premium-until = Тариф: <b>премиум</b> ⭐ до { $date }
status-left = { $left ->
        [0] На сегодня сообщения закончились.
        [one] На сегодня осталось <b>{ $left }</b> сообщение из { $limit }.
        [few] На сегодня осталось <b>{ $left }</b> сообщения из { $limit }.
       *[many] На сегодня осталось <b>{ $left }</b> сообщений из { $limit }.
    }
status-resets = Счёт начнётся заново в { $time } ({ $zone }).
status-unlimited = Сообщений — сколько угодно.
status-level = Наши отношения: <b>{ $name }</b>, подробнее — /relationship

relationship-level = <b>{ $name }</b> — уровень { $level } из { $levels }
relationship-next = До уровня «{ $name }» { $points ->
        [one] осталось <b>{ $points }</b> очко.
        [few] осталось <b>{ $points }</b> очка.
       *[many] осталось <b>{ $points }</b> очков.
    }
relationship-top = Ближе уже некуда 💛
relationship-today = Сегодня: { $points ->
        [one] { $points } очко
        [few] { $points } очка
       *[many] { $points } очков
    } из { $limit } возможных за день.
relationship-streak = Мы общаемся { $days ->
        [one] { $days } день подряд
        [few] { $days } дня подряд
       *[many] { $days } дней подряд
    } 🔥
relationship-lately = <b>Что было недавно</b>
happened-messages = { $times ->
        [one] { $times } сообщение
        [few] { $times } сообщения
       *[many] { $times } сообщений
    }
happened-fact = вы рассказали о себе новое
happened-streak = ещё один день подряд
happened-return = вы вернулись
happened-decay = мы давно не общались
happened-level = новый уровень: <b>{ $name }</b> 🎉
points-came = { $points ->
        [one] +{ $points } очко
        [few] +{ $points } очка
       *[many] +{ $points } очков
    }
points-went = { $points ->
        [one] −{ $points } очко
        [few] −{ $points } очка
       *[many] −{ $points } очков
    }
day-today = Сегодня
day-yesterday = Вчера
level-up =
    🎉 Мы стали ближе! Теперь у нас новый уровень — <b>{ $name }</b>.

    Как мы к этому пришли: /relationship

memory-title = <b>Вот что я о вас помню</b>: { $total ->
        [one] { $total } факт
        [few] { $total } факта
       *[other] { $total } фактов
    }
memory-limit = На вашем тарифе я могу помнить { $limit ->
        [one] { $limit } факт
        [few] { $limit } факта
       *[other] { $limit } фактов
    }.
memory-full = Память заполнена: на вашем тарифе помещается { $limit ->
        [one] { $limit } факт
        [few] { $limit } факта
       *[other] { $limit } фактов
    }. Забудем что-нибудь — и место появится.
memory-empty = Пока я ничего о вас не помню. Расскажите что-нибудь важное для вас 🙂
memory-search = 🔎 Найти
memory-back = ‹ Назад
memory-page = Страница { $page } из { $pages }
memory-found = По словам «{ $words }» нашлось: { $found ->
        [one] { $found } факт
        [few] { $found } факта
       *[other] { $found } фактов
    }
memory-found-nothing = Про «{ $words }» я ничего не помню.
memory-ask-words = Что найти? Ответьте на это сообщение одним-двумя словами.
memory-told = Рассказано: { $date }
memory-times = Об этом вы говорили { $times ->
        [one] { $times } раз
        [few] { $times } раза
       *[other] { $times } раз
    }
memory-day = Когда: { $date }
memory-before = <b>До этого</b>
memory-past = • { $fact } (с { $from } по { $until })
memory-correct = ✏️ Исправить
memory-forget = 🗑 Забыть
memory-ask-correction = Как правильно? Сейчас у меня так: «{ $fact }». Ответьте на это сообщение одной фразой.
memory-correction-refused = Так запомнить не получится. Напишите, пожалуйста, одной фразой до 300 знаков, ответом на это сообщение.
memory-ask-forget = Забыть «{ $fact }» насовсем? Это исчезнет из памяти, а сообщения, где об этом сказано, у меня опустеют. Здесь, в чате, они останутся, пока вы их не удалите.
memory-forget-yes = 🗑 Забыть
memory-forget-no = Оставить
memory-forgotten = Забыто 🌱 { $messages ->
        [0] {""}
        [one] Стёрто { $messages } сообщение, где об этом говорилось.
        [few] Стёрто { $messages } сообщения, где об этом говорилось.
       *[other] Стёрто { $messages } сообщений, где об этом говорилось.
    }
memory-forget-all = 🗑 Забыть всё
memory-ask-forget-all = Забыть <b>всё</b>, что вы мне рассказывали: факты, весь наш разговор и его краткое содержание? Вернуть это будет нельзя. Профиль, тариф и наша близость останутся.
memory-forget-all-yes = 🗑 Да, забыть всё
memory-forgot-all = Всё забыто 🌱 Можем начать сначала.
memory-gone = Этого я уже не помню.
category-identity = 🪪 О вас
category-family = 👪 Близкие и питомцы
category-work = 💼 Работа и учёба
category-preferences = 💛 Вкусы
category-health = 🩺 Здоровье
category-plans = 🗓 Планы
category-events = ✨ События
category-other = 📎 Прочее

reset-done = Хорошо, начнём разговор с чистого листа 🌱 Всё, что я о вас помню, остаётся со мной.
reset-nothing = Мы как раз ни о чём не говорили, так что можно просто начать 🙂 Всё, что я о вас помню, остаётся со мной.

# What cannot be done
unsupported-voice = Голосовые я пока не понимаю 🙈 Напишите, пожалуйста, словами.
unsupported-sticker = Милый стикер! Но по-настоящему я понимаю пока только слова и фотографии 🙂
unsupported-video = Видео я пока не умею смотреть. Расскажете словами, что там?
unsupported-file = Файлы я пока не умею открывать. Если там фото — пришлите его как фотографию, пожалуйста.
unsupported-other = С таким я пока не умею обращаться 🙈 Напишите, пожалуйста, словами или пришлите фотографию.
photo-too-large = Эта фотография слишком большая, мне её не открыть. Пришлите, пожалуйста, поменьше.
photo-unreadable = Не получается рассмотреть эту фотографию. Попробуйте прислать её ещё раз или другую.

quota-exhausted =
    На сегодня сообщения закончились 🌙 Продолжим { $hours ->
        [0] { $minutes ->
            [one] через { $minutes } минуту
            [few] через { $minutes } минуты
           *[many] через { $minutes } минут
        }
        [one] через { $hours } час
        [few] через { $hours } часа
       *[many] через { $hours } часов
    } — буду ждать!
premium-required = Фотографии я смотрю на тарифе премиум. А пока расскажите словами, что на ней? 🙂
model-unavailable = Что-то мысли разбегаются… 🙈 Напишите мне ещё раз через пару минут, пожалуйста. Это сообщение в счёт не пошло.
model-blocked = На это я, пожалуй, отвечать не буду. Давайте о чём-нибудь другом? Это сообщение в счёт не пошло.
model-failed = Не получилось подобрать слова 🙈 Попробуйте сказать иначе, пожалуйста. Это сообщение в счёт не пошло.
message-refused = Это сообщение мне не разобрать 🙈 Попробуйте написать иначе, пожалуйста.
trouble = Простите, с этим сообщением что-то пошло не так, и ответить на него не получилось. Напишите, пожалуйста, ещё раз.

# Премиум и оплата
command-premium = Что даёт премиум и сколько он стоит
command-paysupport = Если что-то не так с оплатой
premium-offer =
    ⭐ <b>Премиум</b>

    { $messages ->
        [0] • Пишите мне сколько угодно
        [one] • До { $messages } сообщения в день
       *[many] • До { $messages } сообщений в день
    }
    • Я вижу больше нашего разговора и больше о вас помню
    • Вам отвечаю в первую очередь
premium-photos = • Можно присылать мне фотографии
premium-terms =
    Оплата — за 30 дней. Они начинаются с момента оплаты или с конца уже оплаченного срока, так что ничего не пропадёт. Подписка списывает столько же каждые 30 дней, пока вы её не отмените — здесь или в настройках Telegram; оплаченное остаётся за вами. Перед окончанием я напомню. Если что-то не так с оплатой — /paysupport.
premium-not-for-sale = Премиум здесь сейчас не продаётся.
premium-until = У вас премиум до <b>{ $date }</b> ⭐
premium-endless = У вас премиум ⭐, и он бессрочный.
premium-renews = Он продлится сам <b>{ $date }</b>, если только вы не отменили подписку в настройках Telegram: об этом он мне не сообщает.
premium-renewal-off = Подписка отменена, Telegram это подтвердил: больше ничего не спишется.
premium-renewal-late = Продление подписки задерживается: Telegram ещё ничего не списал — возможно, не хватило звёзд или вы отменили её там.
premium-renewal-stopping = Я прошу Telegram отменить подписку, но он этого ещё не подтвердил. Если так и останется, отмените её сами: «Настройки» Telegram → «Мои звёзды».
premium-renewal-resumable = Подписка была отменена, и её можно возобновить: «Настройки» Telegram → «Мои звёзды». Если вы это сделали, она продолжается, и отменить её можно здесь.
pay-once-button = { $price } за 30 дней
pay-monthly-button = { $price } каждые 30 дней
pay-link = Подписка: <b>{ $price }</b> сейчас и столько же каждые 30 дней, пока вы её не отмените. Кнопка откроет счёт.
pay-link-button = Подписаться за { $price }
invoice-title = Премиум на 30 дней
invoice-title-monthly = Премиум каждые 30 дней
invoice-description = Больше сообщений, больше нашего разговора перед глазами, долгая память и ответы в первую очередь.
invoice-label = Премиум, 30 дней
already-subscribed = Подписка у вас уже есть, и она продлевается сама. Вторая только стоила бы вдвое.
no-subscription = Подписки у вас нет, так что менять нечего.
subscription-off-button = Отменить подписку
subscription-on-button = Возобновить подписку
subscription-off = Подписка отменена: больше ничего не спишется. Премиум остаётся с вами до <b>{ $date }</b>.
subscription-stopping = Прошу Telegram отменить подписку; если он откажет, я скажу об этом здесь, а когда всё будет готово, покажет /premium. Премиум остаётся с вами до <b>{ $date }</b>.
subscription-on = Подписка продолжается. Она оплачена до <b>{ $date }</b>.
subscription-allowed = Последний шаг за вами: откройте «Настройки» Telegram → «Мои звёзды», выберите эту подписку и возобновите её там. Пока вы этого не сделали, ничего не спишется, а премиум с вами до <b>{ $date }</b>.
subscription-off-failed = Telegram не дал мне отменить подписку 😔 Отмените её, пожалуйста, сами, чтобы больше ничего не списалось: «Настройки» Telegram → «Мои звёзды», эта подписка, «Отменить».
invoice-failed = Telegram не дал мне выставить этот счёт, ничего не списано 😔 Попробуйте другой способ оплаты в /premium или загляните чуть позже.
checkout-too-old = Этот счёт устарел, ничего не списано. Новый — по команде /premium.
checkout-other-person = Этот счёт выставлен другому человеку, ничего не списано. Ваш — по команде /premium.
premium-thanks = Спасибо! 💛 Премиум с вами до <b>{ $date }</b>.
premium-thanks-renews = Спасибо! 💛 Премиум с вами до <b>{ $date }</b>, а потом продлится сам. Отменить можно в любой момент: /premium.
premium-renewed = Подписка продлена: премиум с вами до <b>{ $date }</b> 💛
payment-unmatched = От вас пришла оплата, но я не понимаю, за что она, поэтому пока ничего не изменилось. Она не потерялась: отправьте /paysupport, и с ней разберутся.
payment-trouble = Ваша оплата пришла, но записать её пока не получилось. Она не потерялась, платить ещё раз не нужно: с ней разберутся. Если это затянется — /paysupport.
payment-refunded = Оплата вам возвращена, и то, что она давала, закончилось. Я по-прежнему здесь 🙂
paysupport =
    <b>Ваши платежи</b>

    Если с каким-то из них что-то не так, нажмите его кнопку: с ним разберутся и ответят здесь.
paysupport-nothing = Платежей, которые можно было бы вернуть, у вас нет. Сколько стоит премиум — в /premium.
payment-line = • { $date }: { $price }
payment-line-asked = • { $date }: { $price }, разбираемся
payment-line-declined = • { $date }: { $price }, разобрались: платёж остаётся в силе
payment-line-refunded = • { $date }: { $price }, возвращено
refund-button = Вернуть { $price } ({ $date })
refund-asked = Просьба передана: с ней разберутся. Если оплату вернут, я скажу об этом здесь.
notice-premium-ending = Ваш премиум заканчивается <b>{ $date }</b>. Если хочется продолжить — /premium 💛
notice-premium-late = Telegram не продлил вашу подписку — возможно, не хватило звёзд или вы отменили её там. Премиум пока с вами до <b>{ $date }</b>; пополните звёзды или загляните в /premium.
notice-premium-ended = Ваш премиум закончился. Я по-прежнему здесь и помню всё, что вы рассказали 💛 Если будет его не хватать — /premium.
notice-premium-granted = Вам подарили премиум: он ваш до <b>{ $date }</b> 💛
notice-refund-declined = Вы просили вернуть платёж от <b>{ $date }</b>. Мы разобрались: он остаётся в силе, вернуть его нельзя.

# Somebody may be in danger
helplines =
    Спасибо, что сказали об этом. Вам сейчас может быть очень тяжело, и справляться с этим в одиночку не нужно. Есть люди, которые выслушают прямо сейчас:

    { $lines }

    Если опасность прямо сейчас — звоните { $emergency }. А я рядом, пишите мне.
