//! Pictures: known by their content, for those whose plan has them.

use std::io::Cursor;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use evolve_contract::{Code, chat::ChatRequest};
use evolve_engine::model::{Answer, FinishReason, Part, Picture, Script, Step, Usage};
use image::{DynamicImage, ImageFormat, RgbImage};
use serde_json::json;

use crate::harness::{Api, IVAN, Setup};

fn picture(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(RgbImage::new(3, 2)).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn a_person_with_premium_shows_a_picture_and_the_model_sees_it() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    sqlx::query("UPDATE users SET plan = 'premium'").execute(&setup.pool()).await.unwrap();
    for (format, expected) in
        [(ImageFormat::Jpeg, "image/jpeg"), (ImageFormat::Png, "image/png"), (ImageFormat::WebP, "image/webp")]
    {
        let bytes = picture(format);
        let body = ChatRequest { image_data: Some(BASE64_STANDARD.encode(&bytes)), ..ChatRequest::default() };
        api.client.chat(&token, None, &body).await.unwrap();
        let seen = api.script.requests().pop().unwrap().context.pop().unwrap().parts;
        let image = Part::Image { mime: expected.to_owned(), bytes: bytes.into() };
        assert!(seen.contains(&image), "{seen:?}");
    }
}

#[tokio::test]
async fn the_model_does_not_learn_where_a_picture_was_taken() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    sqlx::query("UPDATE users SET plan = 'premium'").execute(&setup.pool()).await.unwrap();
    let plain = picture(ImageFormat::Jpeg);
    let exif = b"\xff\xe1\0\x1eExif\0\0GPS 55.7558 37.6173 ..";
    let telling = [&plain[..2], exif, &plain[2..]].concat();
    let body = ChatRequest { image_data: Some(BASE64_STANDARD.encode(telling)), ..ChatRequest::default() };
    api.client.chat(&token, None, &body).await.unwrap();
    let seen = api.script.requests().pop().unwrap().context.pop().unwrap().parts;
    let Some(Part::Image { bytes, .. }) = seen.first() else { panic!("{seen:?}") };
    assert_eq!(**bytes, *plain);
}

#[tokio::test]
async fn a_picture_on_the_free_plan_needs_premium_and_costs_nothing() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    let body = json!({"message": "Смотри", "image_data": BASE64_STANDARD.encode(picture(ImageFormat::Png))});
    assert_eq!(api.post("/chat", Some(&token), &body).await.code(), Code::PremiumRequired);
    assert_eq!(api.client.status(&token, IVAN).await.unwrap().messages_today, 0);
}

#[tokio::test]
async fn what_is_no_picture_is_refused() {
    let api = Setup::new().await.with("MAX_IMAGE_SIZE_MB", 1).start().await;
    let token = api.token(IVAN).await;
    let encode = |bytes: &[u8]| BASE64_STANDARD.encode(bytes);
    let table = [
        ("not base64", "%%%".to_owned(), "not base64"),
        ("a data: URL", format!("data:image/png;base64,{}", encode(&picture(ImageFormat::Png))), "not base64"),
        ("a gif", encode(b"GIF89a\x01\0\x01\0\0\0\0;"), "not a JPEG, PNG or WebP"),
        ("a page", encode(b"<html><script>alert(1)</script></html>"), "not a JPEG, PNG or WebP"),
        ("too large", encode(&vec![0; 1024 * 1024 + 1]), "larger than 1 MB"),
    ];
    for (what, image_data, expected) in table {
        let answer = api.post("/chat", Some(&token), &json!({"message": "", "image_data": image_data})).await;
        assert_eq!(answer.code(), Code::InvalidImage, "{what}");
        let detail = answer.problem().detail.unwrap();
        assert!(detail.contains(expected), "{what}: {detail}");
    }
}

#[tokio::test]
async fn a_picture_that_the_model_drew_comes_with_the_answer_and_again_with_its_repetition() {
    let png = picture(ImageFormat::Png);
    let answer = Answer {
        text: "Here you are!".to_owned(),
        picture: Some(Picture::read(&BASE64_STANDARD.encode(&png)).unwrap()),
        tool_calls: Vec::new(),
        usage: Usage::default(),
        finish: FinishReason::Stop,
    };
    let api = Setup::new().await.script(Script::new([Step::Answer(answer)])).start().await;
    let token = api.token(IVAN).await;
    let request = ChatRequest { message: "Draw me a cat".to_owned(), ..ChatRequest::default() };
    for _ in 0..2 {
        let answer = api.client.chat(&token, Some("k"), &request).await.unwrap();
        assert_eq!(answer.response_text, "Here you are!");
        assert_eq!(BASE64_STANDARD.decode(answer.image_base64.unwrap()).unwrap(), png);
    }
    assert_eq!(api.script.requests().len(), 1);
}

#[tokio::test]
async fn an_album_has_ten_pictures_and_no_more_and_each_of_them_counts() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    sqlx::query("UPDATE users SET plan = 'premium'").execute(&setup.pool()).await.unwrap();
    let png = BASE64_STANDARD.encode(picture(ImageFormat::Png));
    let album = |more: Vec<String>| json!({"message": "", "image_data": png, "more_images": more});
    let answer = api.post("/chat", Some(&token), &album(vec![png.clone(); 9])).await;
    assert_eq!(answer.status, 200);
    let seen = api.script.requests().pop().unwrap().context.pop().unwrap().parts;
    assert_eq!(seen.iter().filter(|part| matches!(part, Part::Image { .. })).count(), 10);
    let answer = api.post("/chat", Some(&token), &album(vec![png.clone(); 10])).await;
    assert_eq!(answer.code(), Code::InvalidValue);
    assert!(answer.problem().detail.unwrap().contains("more than 9"));
    let answer = api.post("/chat", Some(&token), &json!({"message": "Смотри", "more_images": [png]})).await;
    assert_eq!(answer.code(), Code::InvalidValue, "the first one is image_data");
    let page = BASE64_STANDARD.encode(b"<html>");
    let before = api.script.requests().len();
    for body in [
        album(vec![png.clone(), page.clone()]),
        json!({"message": "", "image_data": page, "more_images": [png.clone(), png]}),
    ] {
        let answer = api.post("/chat", Some(&token), &body).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["images_left_out"]), (200, &json!(1)), "one is spoilt");
    }
    for request in &api.script.requests()[before..] {
        let seen = &request.context.last().unwrap().parts;
        assert_eq!(seen.iter().filter(|part| matches!(part, Part::Image { .. })).count(), 2);
    }
    let spoilt = json!({"message": "", "image_data": page, "more_images": [page]});
    assert_eq!(api.post("/chat", Some(&token), &spoilt).await.code(), Code::InvalidImage, "none is left");
}
