// SSE intrinsics: integer, floating point, shuffles, conversions, with results as bits.
// flags: -msse4.2 -mpclmul
#include <nmmintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wmmintrin.h>
static uint64_t state = 88172645463325252ul;
static uint64_t next(void) { state ^= state << 13, state ^= state >> 7, state ^= state << 17; return state; }
static uint64_t h;
static void mix(__m128i v) { uint64_t x[2]; memcpy(x, &v, 16); h = (h * 1099511628211ul ^ x[0]) * 1099511628211ul ^ x[1]; }
#define I(f) mix(f(a, b))
#define F(f) mix(_mm_castps_si128(f(fa, fb)))
#define D(f) mix(_mm_castpd_si128(f(da, db)))
int main(void) {
  for (int i = 0; i < 3000; i++) {
    __m128i a = _mm_set_epi64x(next(), next()), b = _mm_set_epi64x(next(), i % 5 ? next() : 3);
    I(_mm_add_epi8), I(_mm_add_epi16), I(_mm_add_epi32), I(_mm_add_epi64), I(_mm_adds_epi8), I(_mm_adds_epu16), I(_mm_sub_epi32), I(_mm_subs_epu8);
    I(_mm_mullo_epi16), I(_mm_mulhi_epi16), I(_mm_mulhi_epu16), I(_mm_mul_epu32), I(_mm_mul_epi32), I(_mm_mullo_epi32), I(_mm_madd_epi16), I(_mm_maddubs_epi16), I(_mm_mulhrs_epi16);
    I(_mm_sad_epu8), I(_mm_avg_epu8), I(_mm_min_epi8), I(_mm_max_epu16), I(_mm_min_epu32), I(_mm_max_epi32), I(_mm_cmpeq_epi8), I(_mm_cmpgt_epi16), I(_mm_cmpgt_epi64), I(_mm_cmpeq_epi64);
    I(_mm_and_si128), I(_mm_andnot_si128), I(_mm_or_si128), I(_mm_xor_si128), I(_mm_packs_epi16), I(_mm_packus_epi16), I(_mm_packs_epi32), I(_mm_packus_epi32);
    I(_mm_unpacklo_epi8), I(_mm_unpackhi_epi16), I(_mm_unpacklo_epi32), I(_mm_unpackhi_epi64), I(_mm_shuffle_epi8), I(_mm_hadd_epi16), I(_mm_hsub_epi32), I(_mm_hadds_epi16), I(_mm_sign_epi8), I(_mm_sign_epi32);
    I(_mm_sll_epi16), I(_mm_srl_epi32), I(_mm_sra_epi32), I(_mm_sll_epi64);
    mix(_mm_abs_epi8(a)), mix(_mm_alignr_epi8(a, b, 5)), mix(_mm_slli_si128(a, 3)), mix(_mm_srli_si128(a, 11)), mix(_mm_shuffle_epi32(a, 0x1b)), mix(_mm_shufflelo_epi16(a, 0x93)), mix(_mm_shufflehi_epi16(a, 0x4e));
    mix(_mm_blend_epi16(a, b, 0x5a)), mix(_mm_blendv_epi8(a, b, _mm_set1_epi64x(next()))), mix(_mm_cvtepi8_epi16(a)), mix(_mm_cvtepu16_epi64(a)), mix(_mm_cvtepi32_epi64(a)), mix(_mm_mpsadbw_epu8(a, b, 5)), mix(_mm_minpos_epu16(a));
    mix(_mm_clmulepi64_si128(a, b, 0x10)), mix(_mm_insert_epi8(a, i, 7)), mix(_mm_insert_epi64(a, i, 1));
    h += _mm_movemask_epi8(a) + _mm_extract_epi16(a, 3) + _mm_extract_epi32(a, 2) + _mm_testz_si128(a, b) + _mm_testc_si128(a, b);
    h += _mm_crc32_u64(i, next()) + _mm_crc32_u8(i, 7) + _mm_popcnt_u64(next());
    h += _mm_cmpistri(a, b, 0) + 3 * _mm_cmpestri(a, i & 15, b, 12, 0x18) + 5 * _mm_cmpistrc(a, b, 0xc), mix(_mm_cmpistrm(a, b, 0x40)), mix(_mm_cmpestrm(a, 9, b, 14, 0x14));
    __m128 fa = _mm_cvtepi32_ps(_mm_srai_epi32(a, i % 31)), fb = _mm_cvtepi32_ps(b);
    F(_mm_add_ps), F(_mm_sub_ps), F(_mm_mul_ps), F(_mm_div_ps), F(_mm_min_ps), F(_mm_max_ps), F(_mm_cmplt_ps), F(_mm_cmpunord_ps), F(_mm_hadd_ps), F(_mm_addsub_ps), F(_mm_unpackhi_ps), F(_mm_movehl_ps), F(_mm_add_ss), F(_mm_div_ss);
    mix(_mm_castps_si128(_mm_sqrt_ps(_mm_mul_ps(fa, fa)))), mix(_mm_castps_si128(_mm_shuffle_ps(fa, fb, 0x2d))), mix(_mm_castps_si128(_mm_dp_ps(fa, fb, 0xf1))), mix(_mm_castps_si128(_mm_insert_ps(fa, fb, 0x9c)));
    mix(_mm_cvtps_epi32(_mm_div_ps(fa, _mm_set1_ps(1000)))), mix(_mm_cvttps_epi32(fb)), mix(_mm_castps_si128(_mm_round_ps(_mm_div_ps(fa, _mm_set1_ps(7)), 9)));
    __m128d da = _mm_cvtepi32_pd(a), db = _mm_cvtepi32_pd(_mm_or_si128(b, _mm_set1_epi32(1)));
    D(_mm_add_pd), D(_mm_sub_pd), D(_mm_mul_pd), D(_mm_div_pd), D(_mm_min_pd), D(_mm_max_pd), D(_mm_cmple_pd), D(_mm_hsub_pd), D(_mm_addsub_pd), D(_mm_unpacklo_pd), D(_mm_sqrt_sd), D(_mm_move_sd);
    mix(_mm_cvtpd_epi32(_mm_div_pd(da, db))), mix(_mm_castps_si128(_mm_cvtpd_ps(_mm_div_pd(da, db)))), mix(_mm_castpd_si128(_mm_cvtps_pd(fa))), mix(_mm_castpd_si128(_mm_dp_pd(da, db, 0x31)));
    h += _mm_comilt_sd(da, db) + _mm_ucomieq_ss(fa, fb) + _mm_movemask_ps(fa) + _mm_cvttsd_si64(da) + _mm_cvtsd_si32(db) + _mm_cvtss_si64(fa);
  }
  printf("%016lx\n", h);
  float t[4];
  _mm_storeu_ps(t, _mm_set_ps(4, 3, 2, 1)), printf("%g %g %g %g %x\n", t[0], t[1], t[2], t[3], _mm_getcsr());
  return 0;
}
